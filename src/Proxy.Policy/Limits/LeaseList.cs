namespace Proxy.Policy.Limits;

/// <summary>Leases in the order in which they came. They carry the links themselves, so that a lease is all that a connection costs. One owner.</summary>
internal sealed class LeaseList
{
    private AdmissionLease? _last;

    public AdmissionLease? First { get; private set; }

    public int Count { get; private set; }

    public void AddLast(AdmissionLease lease)
    {
        lease.Previous = _last;
        if (_last is null)
        {
            First = lease;
        }
        else
        {
            _last.Next = lease;
        }

        _last = lease;
        Count++;
    }

    /// <summary>Takes out a lease that is in this list.</summary>
    public void Remove(AdmissionLease lease)
    {
        var (previous, next) = (lease.Previous, lease.Next);
        if (previous is null)
        {
            First = next;
        }
        else
        {
            previous.Next = next;
        }

        if (next is null)
        {
            _last = previous;
        }
        else
        {
            next.Previous = previous;
        }

        (lease.Previous, lease.Next) = (null, null);
        Count--;
    }
}

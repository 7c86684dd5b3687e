namespace Proxy.Kernel;

internal sealed class ActorStash : IStash
{
    private readonly ActorCell _cell;
    private readonly Mailbox _mailbox;
    private readonly int _capacity;
    private readonly LinkedList<Envelope> _stashed = new();

    public ActorStash(ActorCell cell, Mailbox mailbox, int capacity)
    {
        _cell = cell;
        _mailbox = mailbox;
        _capacity = capacity;
    }

    public int Count => _stashed.Count;

    public void Stash()
    {
        if (_stashed.Count >= _capacity)
        {
            throw new StashOverflowException($"The stash of {_cell.Self} holds {_capacity} messages already.");
        }

        _stashed.AddLast(_cell.CurrentEnvelope);
    }

    public void Unstash()
    {
        if (_stashed.First is { } oldest)
        {
            _stashed.RemoveFirst();
            _mailbox.Prepend(oldest.Value);
        }
    }

    public void UnstashAll()
    {
        while (_stashed.Last is { } newest)
        {
            _stashed.RemoveLast();
            _mailbox.Prepend(newest.Value);
        }
    }

    public int Clear()
    {
        var count = _stashed.Count;
        _stashed.Clear();
        return count;
    }
}

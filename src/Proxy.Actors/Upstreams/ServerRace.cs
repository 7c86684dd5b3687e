using System.Net;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.Transport;
using Proxy.Transport.Dials;

namespace Proxy.Actors;

/// <summary>
/// One dial of a connection: the server that was picked and, as long as it has not answered, other addresses of the same name beside it, each
/// with a place of its own from the beginning of its attempt. The first to answer keeps its place; each of the others gives its own back and
/// is told of what became of it. For the thread of the connection's loop only.
/// </summary>
internal sealed class ServerRace
{
    private readonly IIoLoop _loop;
    private readonly List<UpstreamServer> _tried;
    private readonly List<(ServerPlace Place, long BeganMicroseconds)> _running = new(capacity: 1);

    /// <summary>Begins with <paramref name="first"/>. Who takes part is added to <paramref name="tried"/>, and nobody takes part who is there.</summary>
    public ServerRace(IIoLoop loop, ServerPlace first, List<UpstreamServer> tried)
    {
        (_loop, _tried, First) = (loop, tried, first);
        Enter(first);
    }

    /// <summary>What the policy chose.</summary>
    public ServerPlace First { get; }

    /// <summary>Who answered first; null: nobody has.</summary>
    public ServerPlace? Winner { get; private set; }

    /// <summary>Where to dial, in this order; each is entered when it is asked for.</summary>
    public IEnumerable<IPEndPoint> Addresses()
    {
        yield return First.Address;
        for (var count = 0; count < MaximumAlternatives && First.TryPickAlternative(_tried, out var alternative); count++)
        {
            Enter(alternative);
            yield return alternative.Address;
        }
    }

    public void HandleFailed(IPEndPoint address, TransportFault fault) => Leave(address, fault.ToServerOutcome());

    /// <summary>
    /// <paramref name="address"/> answered. Another one that had longer than a stagger and has said nothing counts as one that did not answer in
    /// time: it has cost this connection that long, and nothing else would ever take a silent address out of service.
    /// </summary>
    public void HandleWon(IPEndPoint address)
    {
        var late = _loop.NowMicroseconds - (DialSettings.Default.Stagger.Ticks / TimeSpan.TicksPerMicrosecond);
        foreach (var (place, began) in _running)
        {
            if (place.Address.Equals(address))
            {
                Winner = place;
                place.Report(ServerOutcome.Success);
            }
            else
            {
                place.Return(began <= late ? ServerOutcome.TimedOut : null);
            }
        }

        _running.Clear();
    }

    /// <summary>The dial's time was over before anybody answered.</summary>
    public void HandleLost()
    {
        foreach (var (place, _) in _running)
        {
            place.Return(ServerOutcome.TimedOut);
        }

        _running.Clear();
    }

    /// <summary>
    /// The connection is over: every place that it still has is given back, with what is last to be said of the winner. Whatever failed there,
    /// it had been connected, and that was told.
    /// </summary>
    public void End(ServerOutcome? outcome = null)
    {
        _running.ForEach(entry => entry.Place.Return());
        _running.Clear();
        Winner?.Return(outcome is null or ServerOutcome.Answered ? outcome : ServerOutcome.ResetEarly);
    }

    private void Enter(ServerPlace place)
    {
        _tried.Add(place.Server);
        _running.Add((place, _loop.NowMicroseconds));
    }

    private void Leave(IPEndPoint address, ServerOutcome? outcome)
    {
        var index = _running.FindIndex(entry => entry.Place.Address.Equals(address));
        if (outcome is ServerOutcome.ResetEarly)
        {
            _running[index].Place.Report(ServerOutcome.Success);
        }

        _running[index].Place.Return(outcome);
        _running.RemoveAt(index);
    }

    /// <summary>Five addresses have begun after four staggers of 250 ms, within the smallest share of the usual connect deadline.</summary>
    public const int MaximumAlternatives = 4;
}

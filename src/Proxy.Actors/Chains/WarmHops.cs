using System.Net;
using Proxy.Policy.Chains;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// Connections to next hops that are often asked for, made before they are needed and silent until then. Each is kept for less time than a hop
/// waits for its first byte; one that ends meanwhile is forgotten. For its loop's thread only.
/// </summary>
internal sealed class WarmHops(IIoLoop loop)
{
    private readonly Dictionary<IPEndPoint, Place> _places = [];
    private bool _isClosed;

    private enum State
    {
        Connecting,
        Ready,
        Gone,
    }

    /// <summary>How many are ready or on their way, over all hops.</summary>
    public int Count => _places.Values.Sum(place => place.Waiting.Count);

    /// <summary>One that is ready, paused, and the caller's from now on; its handler is to be set at once. Also tells that it was needed.</summary>
    public bool TryTake(IPEndPoint hop, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IChannel? channel)
    {
        channel = null;
        if (_isClosed || PlaceOf(hop) is not { } place)
        {
            return false;
        }

        place.Demand.NoteAsked(loop.NowMicroseconds);
        if (place.Waiting.Find(connection => connection.State == State.Ready) is { } ready)
        {
            place.Waiting.Remove(ready);
            channel = ready.Leave();
        }

        Fill(hop, place);
        return channel is not null;
    }

    /// <summary>Makes none any more, and ends those that are there.</summary>
    public void Close()
    {
        _isClosed = true;
        foreach (var connection in _places.Values.SelectMany(place => place.Waiting).ToArray())
        {
            connection.End();
        }

        _places.Clear();
    }

    private Place? PlaceOf(IPEndPoint hop)
    {
        if (_places.TryGetValue(hop, out var known))
        {
            return known;
        }

        if (_places.Count >= MostPlaces)
        {
            var now = loop.NowMicroseconds;
            foreach (var (forgotten, _) in _places.Where(place => place.Value.Waiting.Count == 0 && place.Value.Demand.IsForgotten(now)).ToArray())
            {
                _places.Remove(forgotten);
            }

            if (_places.Count >= MostPlaces)
            {
                return null;
            }
        }

        var place = new Place(new WarmDemand(loop.NowMicroseconds));
        _places.Add(hop, place);
        return place;
    }

    private void Fill(IPEndPoint hop, Place place)
    {
        while (!_isClosed && place.Waiting.Count < place.Demand.Wanted(loop.NowMicroseconds) && Count < MostConnections)
        {
            var connection = new Connection(this, hop, place);
            place.Waiting.Add(connection);
            connection.Start();
        }
    }

    private void HandleOld(Connection connection, IPEndPoint hop, Place place)
    {
        place.Waiting.Remove(connection);
        Fill(hop, place);
    }

    // Hops that a node goes on to are few; this is for clients that name many.
    private const int MostPlaces = 256;
    private const int MostConnections = 64;

    // A hop of ours waits a minute for a first byte.
    private const long LongestMicroseconds = 20_000_000;

    private sealed record Place(WarmDemand Demand)
    {
        public List<Connection> Waiting { get; } = [];
    }

    private sealed class Connection(WarmHops owner, IPEndPoint hop, Place place) : IChannelHandler
    {
        private IChannel _channel = null!;
        private IDeadline _deadline = null!;

        public State State { get; private set; }

        public void Start()
        {
            _deadline = owner.Loop.CreateDeadline(HandleOld);
            _deadline.Set(owner.Loop.NowMicroseconds + LongestMicroseconds);
            _channel = owner.Loop.Connect(hop, TcpOptions.Default, this);
        }

        public IChannel Leave()
        {
            State = State.Gone;
            _deadline.Cancel();
            _channel.PauseReceive();
            return _channel;
        }

        public void End()
        {
            State = State.Gone;
            _deadline.Cancel();
            _channel.Abort();
        }

        public void OnConnected(IChannel channel)
        {
            State = State.Ready;
            channel.ResumeReceive();
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => Drop();

        public void OnEndOfStream(IChannel channel) => Drop();

        public void OnSendDrained(IChannel channel)
        {
            // Nothing was sent.
        }

        public void OnFailed(IChannel channel, TransportFault fault)
        {
            State = State.Gone;
            _deadline.Cancel();
            place.Waiting.Remove(this);
        }

        // Not made again before somebody asks: the hop did not want it.
        private void Drop()
        {
            End();
            place.Waiting.Remove(this);
        }

        private void HandleOld()
        {
            End();
            owner.HandleOld(this, hop, place);
        }
    }

    private IIoLoop Loop => loop;
}

using Proxy.Kernel;
using Proxy.Transport;
using Proxy.Tunnel;

namespace Proxy.Actors;

/// <summary>
/// Sorts a server's datagrams by their sender. For a stranger's nothing is kept unless it opens a tunnel, and how many may be opening or open
/// is bounded. For the loop's thread only.
/// </summary>
internal sealed class TunnelDemultiplexer : IUdpHandler
{
    private readonly IActorRef _listener;
    private readonly IIoLoop _loop;
    private readonly LiveServer _server;
    private readonly Dictionary<UdpAddress, TunnelLink> _links = [];
    private readonly HashSet<UdpAddress> _opening = [];
    private readonly RateBudget _answers;
    private bool _isOpening = true;

    public TunnelDemultiplexer(IActorRef listener, IIoLoop loop, LiveServer server)
    {
        _listener = listener;
        _loop = loop;
        _server = server;
        _answers = new RateBudget(AnswersPerSecond, AnswersPerSecond, loop.NowMicroseconds);
    }

    /// <summary>Datagrams of strangers that were dropped without a word.</summary>
    public long DatagramsIgnored { get; private set; }

    public void Add(in UdpAddress peer, TunnelLink link)
    {
        _opening.Remove(peer);
        _links[peer] = link;
    }

    /// <summary>A stranger who wanted to open a tunnel gets none; he may try again.</summary>
    public void Forget(in UdpAddress peer) => _opening.Remove(peer);

    public void Remove(in UdpAddress peer, TunnelLink link)
    {
        if (_links.TryGetValue(peer, out var present) && ReferenceEquals(present, link))
        {
            _links.Remove(peer);
        }
    }

    /// <summary>From now on strangers are ignored.</summary>
    public void StopOpening() => _isOpening = false;

    public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        if (_links.TryGetValue(from, out var link))
        {
            link.HandleDatagrams(datagrams, segmentSizeBytes, from);
            return;
        }

        // What a stranger sends behind its first datagram comes again if it was worth anything.
        HandleStranger(endpoint, datagrams[..Math.Min(segmentSizeBytes, datagrams.Length)], from);
    }

    public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
    {
        // Each link has asked for its turn with its first datagram.
    }

    public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault)
    {
        // Only connected endpoints hear of it.
    }

    private void HandleStranger(IUdpEndpoint endpoint, ReadOnlySpan<byte> datagram, in UdpAddress from)
    {
        Span<byte> answer = stackalloc byte[TunnelAdmission.AnswerBytes];
        var verdict = _isOpening ? TunnelAdmission.Judge(datagram, answer) : AdmissionVerdict.Ignore;
        if (verdict == AdmissionVerdict.Open
            && _opening.Count < MaximumOpening
            && _links.Count + _opening.Count < _server.Settings.MaximumTunnels
            && _opening.Add(from))
        {
            _listener.Tell(new TunnelListenerActor.Open(from, datagram.ToArray()), ActorRefs.NoSender);
        }
        else if (verdict == AdmissionVerdict.TellUnknown && _answers.TryTake(_loop.NowMicroseconds))
        {
            endpoint.Send(answer, answer.Length, from);
        }
        else
        {
            DatagramsIgnored++;
        }
    }

    // Openings that the listener has not looked at yet; it does so within a turn or two.
    private const int MaximumOpening = 1000;

    // An answer costs us more than it tells anybody; a restarted server with more clients than this gets round to each of them.
    private const int AnswersPerSecond = 100;
}

using Proxy.Protocol.Parts;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>Where the peer is. Only the server follows: a client knows where its server listens, and tells it where it is by talking.</summary>
public sealed partial class NativeTunnelEngine
{
    private readonly PathCandidates _candidates;
    private readonly Queue<(ulong Token, PathAddress Address)> _responses = new();
    private PathAddress _path;

    /// <summary>Where datagrams go, path probes apart.</summary>
    public PathAddress Path => _path;

    /// <summary>
    /// Client: our own address has changed, by a new socket or a new route. What was learned of the path is forgotten, and the server hears of
    /// it at once.
    /// </summary>
    public void HandleOwnAddressChanged(long nowMicroseconds)
    {
        _nowMicroseconds = nowMicroseconds;
        RestartPath();
        _liveness.AskNow(nowMicroseconds);
        HandleLivenessTimer(nowMicroseconds);
        _probesOwed = _sent.DatagramsInFlight > 0 ? 1 : 0;
    }

    private long PathDueMicroseconds => _candidates.DueMicroseconds;

    private void HandlePath(PathAddress from, int bytes, ulong number, long nowMicroseconds)
    {
        if (from != _path && _machine.Role == TunnelRole.Server)
        {
            var isNewest = _received.IsEmpty || number > _received.Largest;
            _candidates.HandleDatagram(from, bytes, isNewest, _roundTrip.ProbeTimeoutMicroseconds, nowMicroseconds);
        }
    }

    private void HandleChallenge(ulong token, PathAddress from)
    {
        if (_responses.Count < MostResponses)
        {
            _responses.Enqueue((token, from));
        }
    }

    private void HandleResponse(ulong token, PathAddress from, long nowMicroseconds)
    {
        if (!_candidates.TryConfirm(token, from, nowMicroseconds))
        {
            return;
        }

        var isOtherHost = from.Host != _path.Host;
        _path = from;
        _nativeStatistics.PathChanges++;
        Tell(TunnelEventKind.AddressChanged, "");
        if (isOtherHost)
        {
            RestartPath();
        }
    }

    /// <summary>Another port is most likely the same path behind another mapping; another host is another path.</summary>
    private void RestartPath()
    {
        _controller.Restart(_nowMicroseconds);
        _roundTrip.Restart();
        _size.Restart(_nowMicroseconds);
        _fecPolicy?.Restart();
        _hasShrunk = true;
    }

    private void HandlePathTimer(long nowMicroseconds) => _candidates.GiveUpOld(nowMicroseconds);

    /// <summary>An answer to a challenge, or a challenge that is due: alone, to an address of its own, and not counted as in flight.</summary>
    private bool TryWritePathDatagram(Span<byte> buffer, long nowMicroseconds, out DatagramBatch batch)
    {
        var body = buffer[IDatagramSeal.HeaderBytes..];
        if (_responses.TryDequeue(out var response))
        {
            batch = SealForPath(buffer, PathPart.WriteResponse(body, response.Token), response.Address, nowMicroseconds);
            return true;
        }

        if (_candidates.TryTakeChallenge(_roundTrip.ProbeTimeoutMicroseconds, nowMicroseconds, out var address, out var token, out var bytes))
        {
            var bodyBytes = bytes - IDatagramSeal.OverheadBytes;
            PaddingPart.Write(body[PathPart.WriteChallenge(body, token)..bodyBytes]);
            batch = SealForPath(buffer, bodyBytes, address, nowMicroseconds);
            return true;
        }

        batch = default;
        return false;
    }

    private DatagramBatch SealForPath(Span<byte> buffer, int bodyBytes, PathAddress address, long nowMicroseconds)
    {
        var datagram = new SentDatagram { SentMicroseconds = nowMicroseconds };
        var length = Seal(buffer[..(bodyBytes + IDatagramSeal.OverheadBytes)], ref datagram);
        return new DatagramBatch(length, length, address);
    }

    private const int MostResponses = 4;
}

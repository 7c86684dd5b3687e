using Proxy.Protocol.Parts;

namespace Proxy.Tunnel.Native;

/// <summary>
/// Addresses from which the peer may be talking now. Each is asked to echo a token before anything else goes there, and until it has, gets at
/// most three times what came from it: or whoever can replay a datagram from a forged address could aim us at a victim. Microseconds.
/// </summary>
internal sealed class PathCandidates(Random random)
{
    /// <summary>A challenge shows that the path carries what every path has to, where that much may go there.</summary>
    public const int ChallengeBytes = NativeTunnelSettings.LeastDatagramBytes;

    private const int LeastChallengeBytes = IDatagramSeal.OverheadBytes + PathPart.LengthBytes + PaddingPart.MinLengthBytes;
    private const int MostCandidates = 4;
    private const int MostAmplification = 3;
    private const int ProbeTimeouts = 3;
    private const long LeastBetweenSwitchesMicroseconds = 1_000_000;

    private readonly List<Candidate> _candidates = [];
    private long _lastSwitchMicroseconds = -LeastBetweenSwitchesMicroseconds;

    /// <summary>When to look again: a challenge is due, or a candidate had its time.</summary>
    public long DueMicroseconds
    {
        get
        {
            var due = long.MaxValue;
            foreach (var candidate in _candidates)
            {
                due = Math.Min(due, Math.Min(candidate.GiveUpMicroseconds, IsAffordable(candidate) ? candidate.DueMicroseconds : long.MaxValue));
            }

            return due;
        }
    }

    /// <summary>An authentic datagram came from an address that is not the present one.</summary>
    /// <param name="isNewest">Whether it is the latest so far: an older one says only where the peer was.</param>
    public void HandleDatagram(PathAddress from, int bytes, bool isNewest, long probeTimeoutMicroseconds, long nowMicroseconds)
    {
        foreach (var candidate in _candidates)
        {
            if (candidate.Address == from)
            {
                candidate.ReceivedBytes += bytes;
                return;
            }
        }

        if (isNewest && _candidates.Count < MostCandidates)
        {
            var due = Math.Max(nowMicroseconds, _lastSwitchMicroseconds + LeastBetweenSwitchesMicroseconds);
            _candidates.Add(new Candidate
            {
                Address = from,
                Token = (ulong)random.NextInt64(),
                ReceivedBytes = bytes,
                DueMicroseconds = due,
                GiveUpMicroseconds = due + (ProbeTimeouts * probeTimeoutMicroseconds),
            });
        }
    }

    /// <summary>The challenge that is due, and the datagram's size, which counts as sent; false when none is due.</summary>
    public bool TryTakeChallenge(
        long probeTimeoutMicroseconds, long nowMicroseconds, out PathAddress address, out ulong token, out int bytes)
    {
        foreach (var candidate in _candidates)
        {
            if (nowMicroseconds >= candidate.DueMicroseconds && IsAffordable(candidate))
            {
                bytes = Math.Min(ChallengeBytes, AffordableBytes(candidate));
                candidate.SentBytes += bytes;
                candidate.DueMicroseconds = nowMicroseconds + probeTimeoutMicroseconds;
                (address, token) = (candidate.Address, candidate.Token);
                return true;
            }
        }

        (address, token, bytes) = (default, 0, 0);
        return false;
    }

    /// <summary>Whether the token came back from where it was sent: then the peer is there, and all other candidates are forgotten.</summary>
    public bool TryConfirm(ulong token, PathAddress from, long nowMicroseconds)
    {
        foreach (var candidate in _candidates)
        {
            if (candidate.Address == from && candidate.Token == token && candidate.SentBytes > 0)
            {
                _candidates.Clear();
                _lastSwitchMicroseconds = nowMicroseconds;
                return true;
            }
        }

        return false;
    }

    public void GiveUpOld(long nowMicroseconds)
    {
        for (var index = _candidates.Count - 1; index >= 0; index--)
        {
            if (nowMicroseconds >= _candidates[index].GiveUpMicroseconds)
            {
                _candidates.RemoveAt(index);
            }
        }
    }

    private static bool IsAffordable(Candidate candidate) => AffordableBytes(candidate) >= LeastChallengeBytes;

    private static int AffordableBytes(Candidate candidate) =>
        (int)Math.Min(int.MaxValue, (MostAmplification * candidate.ReceivedBytes) - candidate.SentBytes);

    private sealed class Candidate
    {
        public required PathAddress Address { get; init; }

        public required ulong Token { get; init; }

        public required long GiveUpMicroseconds { get; init; }

        public long ReceivedBytes { get; set; }

        public long SentBytes { get; set; }

        public long DueMicroseconds { get; set; }
    }
}

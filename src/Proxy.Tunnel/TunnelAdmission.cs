using Proxy.Kcp;
using Proxy.Protocol.Frames;

namespace Proxy.Tunnel;

/// <summary>What a datagram from an address without a tunnel is worth.</summary>
public enum AdmissionVerdict
{
    /// <summary>Not the beginning of anything: no state, no answer.</summary>
    Ignore,

    /// <summary>A tunnel's first datagram: KCP's first segment with the handshake in it.</summary>
    Open,

    /// <summary>
    /// Somebody goes on with a tunnel that we know nothing of (we were restarted). A short answer tells it so: an acknowledgement of what it
    /// sent, by a receiver that still expects the first segment. A peer that keeps count sees that its tunnel is gone.
    /// </summary>
    TellUnknown,
}

/// <summary>
/// The server's check before it keeps anything for a stranger. Pure; no state is made for a datagram that does not open a tunnel.
/// </summary>
public static class TunnelAdmission
{
    /// <summary>How long the answer of <see cref="AdmissionVerdict.TellUnknown"/> is: never longer than what provoked it.</summary>
    public const int AnswerBytes = KcpSegment.HeaderBytes;

    /// <summary>Judges the first segment of <paramref name="datagram"/>; <paramref name="answer"/> is filled for <see cref="AdmissionVerdict.TellUnknown"/>.</summary>
    public static AdmissionVerdict Judge(ReadOnlySpan<byte> datagram, Span<byte> answer)
    {
        if (!KcpSegment.TryRead(datagram, out var segment)
            || segment.Conversation != 0
            || segment.Command != KcpCommand.Push
            || segment.Fragment != 0
            || segment.PayloadBytes > datagram.Length - KcpSegment.HeaderBytes)
        {
            return AdmissionVerdict.Ignore;
        }

        if (segment.SequenceNumber == 0)
        {
            var payload = datagram.Slice(KcpSegment.HeaderBytes, (int)segment.PayloadBytes);
            return payload.StartsWith(Handshake) ? AdmissionVerdict.Open : AdmissionVerdict.Ignore;
        }

        new KcpSegment(0, KcpCommand.Acknowledge, 0, segment.WindowSegments, segment.TimestampMilliseconds, segment.SequenceNumber, 0, 0).Write(answer);
        return AdmissionVerdict.TellUnknown;
    }

    private static ReadOnlySpan<byte> Handshake => [0, 0, 0, (byte)FrameType.Settings, 0, 0, 0, 0, 0];
}

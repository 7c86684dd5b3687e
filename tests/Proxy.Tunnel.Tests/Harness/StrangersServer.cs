namespace Proxy.Tunnel.Tests;

/// <summary>A server that was restarted: it knows no tunnel, and does what <see cref="TunnelAdmission"/> says.</summary>
internal sealed class StrangersServer : Endpoint
{
    private readonly byte[] _answer = new byte[TunnelAdmission.AnswerBytes];
    private readonly Queue<byte[]> _answers = new();

    public override bool HasMore => false;

    public override void Handle(ReadOnlySpan<byte> datagram, long nowMicroseconds)
    {
        if (TunnelAdmission.Judge(datagram, _answer) == AdmissionVerdict.TellUnknown)
        {
            _answers.Enqueue([.. _answer]);
        }
    }

    public override void HandleDeadline(long nowMicroseconds)
    {
    }

    public override void Flush(SimulatedLink link, long nowMicroseconds)
    {
        while (_answers.TryDequeue(out var answer))
        {
            link.Send(answer, nowMicroseconds);
        }
    }

    public override long? Deadline(long nowMicroseconds) => null;

    public override void Dispose()
    {
    }
}

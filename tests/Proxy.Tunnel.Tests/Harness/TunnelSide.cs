using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;
using Proxy.TestKit;

namespace Proxy.Tunnel.Tests;

/// <summary>
/// An engine and its owner. The owner asserts what every owner may rely on: nothing comes after Closed, nothing of a stream after its end,
/// no data while it is not wanted.
/// </summary>
internal sealed class TunnelSide : Endpoint
{
    /// <summary>Where clocks begin: not at 0, which would hide a time that was never set.</summary>
    public const long Begin = 7_000_123_456;

    private readonly byte[] _datagram;

    public TunnelSide(TunnelRole role, TunnelSettings? settings = null, long nowMicroseconds = Begin)
    {
        settings ??= TunnelSettings.Default;
        _datagram = new byte[settings.Kcp.MtuBytes];
        Engine = new TunnelEngine(role, settings, Pool, nowMicroseconds);
    }

    public LeakCheckingPool Pool { get; } = new();

    public TunnelEngine Engine { get; }

    public Dictionary<int, StreamLog> Streams { get; } = [];

    public int ReadyCount { get; private set; }

    public EndReason? Closed { get; private set; }

    public string ClosedText { get; private set; } = "";

    /// <summary>Whether streams that appear are read at once.</summary>
    public bool ReadsAtOnce { get; set; } = true;

    /// <summary>Called with each event after it was noted.</summary>
    public Action<TunnelEventKind, int> OnEvent { get; set; } = (_, _) => { };

    public override bool HasMore => Engine.HasEvents;

    public int Open()
    {
        var id = Engine.OpenStream();
        Add(id);
        return id;
    }

    public void Read(int id, bool isReading = true)
    {
        Streams[id].IsReading = isReading;
        Engine.SetReceiving(id, isReading);
    }

    public void Release(int id)
    {
        Streams[id].IsReleased = true;
        Engine.ReleaseStream(id);
    }

    public void Reset(int id)
    {
        Streams[id].IsReleased = true;
        Engine.ResetStream(id, EndReason.KilledLocally);
    }

    public void Finish(int id) => Engine.FinishSending(id);

    public bool Send(int id, ReadOnlySpan<byte> bytes) => Engine.Send(id, bytes);

    public override void Handle(ReadOnlySpan<byte> datagram, long nowMicroseconds) => Engine.HandleDatagram(datagram, nowMicroseconds);

    public override void HandleDeadline(long nowMicroseconds) => Engine.HandleDeadline(nowMicroseconds);

    public override long? Deadline(long nowMicroseconds) => Engine.NextDeadlineMicroseconds(nowMicroseconds);

    public override void Flush(SimulatedLink link, long nowMicroseconds)
    {
        while (Engine.TryGetEvent(nowMicroseconds, out var next))
        {
            Note(next);
            OnEvent(next.Kind, next.StreamId);
        }

        while (Engine.TryGetDatagram(nowMicroseconds, _datagram, out var length))
        {
            Assert.InRange(length, 1, _datagram.Length);
            link.Send(_datagram.AsSpan(0, length), nowMicroseconds);
        }
    }

    public override void Dispose()
    {
        Engine.Dispose();
        Pool.AssertNothingRented();
    }

    private void Note(in TunnelEvent next)
    {
        Assert.Null(Closed);
        switch (next.Kind)
        {
            case TunnelEventKind.Ready:
                ReadyCount++;
                return;
            case TunnelEventKind.Worn or TunnelEventKind.Draining:
                return;
            case TunnelEventKind.Closed:
                Closed = next.Reason;
                ClosedText = next.Text;
                return;
            case TunnelEventKind.StreamOpened:
                Assert.False(Streams.TryGetValue(next.StreamId, out var known) && !known.IsReleased, "Opened twice.");
                Add(next.StreamId).IsOpen = true;
                return;
        }

        var stream = Streams[next.StreamId];
        Assert.Null(stream.Reset);
        Assert.False(stream.IsReleased, $"{next.Kind} of a stream that was released.");
        switch (next.Kind)
        {
            case TunnelEventKind.StreamEstablished:
                Assert.False(stream.IsOpen, "Established twice.");
                stream.IsOpen = true;
                break;
            case TunnelEventKind.Data:
                Assert.True(stream.IsReading && stream.IsOpen && !stream.HasEnded && !next.Bytes.IsEmpty);
                stream.Bytes.Write(next.Bytes);
                break;
            case TunnelEventKind.EndOfStream:
                Assert.True(stream.IsReading && stream.IsOpen && !stream.HasEnded);
                stream.HasEnded = true;
                break;
            case TunnelEventKind.SendDrained:
                stream.Drained++;
                break;
            case TunnelEventKind.StreamReset:
                stream.Reset = next.Reason;
                stream.IsReleased = true;
                Engine.ReleaseStream(next.StreamId);
                break;
        }
    }

    private StreamLog Add(int id)
    {
        var stream = Streams[id] = new StreamLog();
        if (ReadsAtOnce)
        {
            Read(id);
        }

        return stream;
    }
}

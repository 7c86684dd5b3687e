using System.Buffers;
using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;
using Proxy.TestKit;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>
/// A native engine and its owner. The owner asserts what every owner may rely on: nothing comes after Closed, nothing of a stream after its
/// end, no data while it is not wanted.
/// </summary>
internal sealed class NativeSide : IDisposable
{
    /// <summary>Where clocks begin: not at 0, which would hide a time that was never set.</summary>
    public const long Begin = 7_000_123_456;

    private readonly byte[] _buffer = new byte[63 * 1024];
    private readonly LeakCheckingPool? _watched;

    public NativeSide(TunnelRole role, NativeTunnelSettings? settings, Random random, PathAddress peer, ArrayPool<byte>? pool = null)
    {
        _watched = pool is null ? new LeakCheckingPool() : null;
        Settings = settings ?? NativeTunnelSettings.Default;
        Engine = new NativeTunnelEngine(role, Settings, new PlainSeal(), peer, pool ?? _watched!, random, Begin);
    }

    public NativeTunnelSettings Settings { get; }

    public NativeTunnelEngine Engine { get; }

    /// <summary>Where this side is.</summary>
    public PathAddress Address { get; set; }

    public Dictionary<int, NativeLog> Streams { get; } = [];

    public int ReadyCount { get; private set; }

    /// <summary>What was said of the tunnel itself, in its order.</summary>
    public List<(TunnelEventKind Kind, string Text)> News { get; } = [];

    /// <summary>How often the peer asked whether this end is there.</summary>
    public int Pinged { get; private set; }

    public List<TunnelAnnouncement> Announced { get; } = [];

    public int Suspected { get; private set; }

    public int Trusted { get; private set; }

    public EndReason? Closed { get; private set; }

    public string ClosedText { get; private set; } = "";

    /// <summary>Whether streams that appear are read at once.</summary>
    public bool ReadsAtOnce { get; set; } = true;

    /// <summary>Whether what arrives is kept to be compared, or only counted.</summary>
    public bool KeepsBytes { get; set; } = true;

    /// <summary>Called with each event after it was noted.</summary>
    public Action<TunnelEventKind, int> OnEvent { get; set; } = (_, _) => { };

    /// <summary>Called for each batch that leaves: bytes, and those of one datagram.</summary>
    public Action<DatagramBatch> OnBatch { get; set; } = _ => { };

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

    public bool Send(int id, ReadOnlySpan<byte> bytes) => Engine.Send(id, bytes);

    public void Finish(int id) => Engine.FinishSending(id);

    public void Handle(byte[] datagram, PathAddress from, long nowMicroseconds) => Engine.HandleDatagram(datagram, from, nowMicroseconds);

    /// <summary>Takes all events and sends all that is due.</summary>
    public void Flush(Action<ReadOnlyMemory<byte>, PathAddress> send, long nowMicroseconds)
    {
        do
        {
            while (Engine.TryGetEvent(nowMicroseconds, out var next))
            {
                Note(next);
                OnEvent(next.Kind, next.StreamId);
            }

            while (Engine.TryGetDatagrams(nowMicroseconds, _buffer, out var batch))
            {
                OnBatch(batch);
                for (var start = 0; start < batch.Bytes; start += batch.DatagramBytes)
                {
                    var length = Math.Min(batch.DatagramBytes, batch.Bytes - start);
                    Assert.InRange(length, 1, Settings.MaximumDatagramBytes);
                    send(_buffer.AsMemory(start, length), batch.Path);
                }
            }
        }
        while (Engine.HasEvents);
    }

    public void Dispose()
    {
        Engine.Dispose();
        _watched?.AssertNothingRented();
    }

    private void Note(in TunnelEvent next)
    {
        Assert.Null(Closed);
        switch (next.Kind)
        {
            case TunnelEventKind.Ready:
                ReadyCount++;
                return;
            case TunnelEventKind.Suspected:
                Suspected++;
                return;
            case TunnelEventKind.Trusted:
                Trusted++;
                return;
            case TunnelEventKind.Worn or TunnelEventKind.Draining or TunnelEventKind.SizeChanged or TunnelEventKind.AddressChanged:
                News.Add((next.Kind, next.Text));
                return;
            case TunnelEventKind.Pinged:
                Pinged++;
                return;
            case TunnelEventKind.Announced:
                Announced.Add(next.Announcement!);
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
                stream.Note(next.Bytes, KeepsBytes);
                break;
            case TunnelEventKind.Packet:
                stream.Packets.Add(next.Bytes.ToArray());
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

    private NativeLog Add(int id)
    {
        var stream = Streams[id] = new NativeLog();
        if (ReadsAtOnce)
        {
            Read(id);
        }

        return stream;
    }
}

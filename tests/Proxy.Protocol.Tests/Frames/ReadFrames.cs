using System.Buffers;
using System.Text;
using Proxy.Protocol.Frames;

namespace Proxy.Protocol.Tests.Frames;

/// <summary>Runs a reader over input in given pieces and writes down what came out; DATA parts of one frame are joined.</summary>
internal sealed class ReadFrames : IDisposable
{
    private readonly FrameReader _reader;
    private readonly StringBuilder _open = new();
    private int _openStream;

    public ReadFrames(ArrayPool<byte>? pool = null)
    {
        _reader = new FrameReader(pool ?? ArrayPool<byte>.Shared);
    }

    /// <summary>One line per frame, in order.</summary>
    public List<string> Seen { get; } = [];

    public FrameError? Error => _reader.Error;

    public long PositionBytes => _reader.PositionBytes;

    /// <summary>Parts of DATA seen, before joining.</summary>
    public int Parts { get; private set; }

    public static List<string> All(string hex)
    {
        using var frames = new ReadFrames();
        Assert.Equal(ReadStatus.NeedMore, frames.Feed(Bytes.FromHex(hex)));
        return frames.Seen;
    }

    public ReadStatus Feed(ReadOnlySpan<byte> input)
    {
        // Each step takes at least one byte or finishes a frame that was complete already; more steps than that is a loop.
        var steps = (2 * input.Length) + 2;
        while (true)
        {
            Assert.True(steps-- > 0, "The reader loops without taking input.");
            var status = _reader.Read(ref input, out var frame);
            switch (status)
            {
                case ReadStatus.Done:
                    Note(frame);
                    break;
                case ReadStatus.NeedMore:
                    Assert.True(input.IsEmpty, "NeedMore left input behind.");
                    return status;
                default:
                    return status;
            }
        }
    }

    public void Dispose() => _reader.Dispose();

    private void Note(Frame frame)
    {
        if (frame.Kind == FrameKind.Data)
        {
            Parts++;
            NoteData(frame);
            return;
        }

        FlushData("");
        Seen.Add(frame.Kind switch
        {
            FrameKind.Settings => "SETTINGS",
            FrameKind.Ping => $"PING {frame.PingId}",
            FrameKind.PingAcknowledge => $"PONG {frame.PingId}",
            FrameKind.Syn => $"SYN {frame.StreamId}",
            FrameKind.Reset => $"RST {frame.StreamId}",
            FrameKind.PauseToggle => $"PAUSE {frame.StreamId}",
            FrameKind.GoAway => $"GOAWAY {frame.LastStreamId:x8} {frame.ErrorCode:x8} {frame.ReasonText()}",
            _ => throw new InvalidOperationException($"Unexpected kind {frame.Kind}."),
        });
    }

    private void NoteData(Frame frame)
    {
        Assert.True(frame.EndsStream || !frame.Payload.IsEmpty, "DATA with neither bytes nor end.");
        if (_open.Length > 0 && _openStream != frame.StreamId)
        {
            FlushData("");
        }

        _openStream = frame.StreamId;
        _open.Append(Encoding.Latin1.GetString(frame.Payload));
        if (frame.EndsStream)
        {
            FlushData(" FIN");
        }
    }

    private void FlushData(string end)
    {
        if (_open.Length > 0 || end.Length > 0)
        {
            Seen.Add($"DATA {_openStream} {_open}{end}");
            _open.Clear();
        }
    }

    /// <summary>What was read so far, with DATA that is still open.</summary>
    public IReadOnlyList<string> Finish()
    {
        FlushData("");
        return Seen;
    }
}

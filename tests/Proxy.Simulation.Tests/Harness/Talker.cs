using System.Globalization;
using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Simulation.Tests;

/// <summary>What one end of a connection says, and what it expects to hear. Both are <see cref="Pattern"/>s.</summary>
public sealed record Talk(int SendBytes, int SendKey, int ReceiveBytes, int ReceiveKey)
{
    /// <summary>Sent before the pattern.</summary>
    public byte[] Opening { get; init; } = [];

    /// <summary>Between two pieces there is an even chance of up to this long.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMilliseconds(30);

    public int LargestPieceBytes { get; init; } = 16 * 1024;
}

/// <summary>
/// One end of a connection: sends its pattern in pieces of random sizes with random pauses, ends its direction, checks what it receives, and
/// closes when both directions are over.
/// </summary>
public sealed class Talker : IChannelHandler
{
    private readonly SimulatedLoop _loop;
    private readonly Talk _talk;
    private readonly Random _random;
    private readonly IDeadline _pause;
    private IChannel? _channel;
    private bool _hasFinished;

    /// <summary>On the loop.</summary>
    public Talker(SimulatedLoop loop, Talk talk, int seed)
    {
        (_loop, _talk, _random) = (loop, talk, new Random(seed));
        _pause = loop.CreateDeadline(Say);
    }

    public long SentBytes { get; private set; }

    public long ReceivedBytes { get; private set; }

    /// <summary>The first received byte that was not the expected one.</summary>
    public long? WrongAt { get; private set; }

    public bool HasSeenEnd { get; private set; }

    public TransportFault? Fault { get; private set; }

    /// <summary>Whether all was sent and heard, and nothing was wrong.</summary>
    public bool IsComplete => _hasFinished && HasSeenEnd && SentBytes == _talk.SendBytes && ReceivedBytes == _talk.ReceiveBytes && WrongAt is null;

    /// <summary>Whether the connection is over, well or not.</summary>
    public bool IsOver => Fault is not null || (_hasFinished && HasSeenEnd);

    /// <summary>Begins on a connected channel.</summary>
    public void OnConnected(IChannel channel)
    {
        _channel = channel;
        channel.ResumeReceive();
        if (_talk.Opening.Length == 0 || channel.Send(_talk.Opening))
        {
            Say();
        }
    }

    public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        WrongAt ??= Pattern.FindWrong(bytes, _talk.ReceiveKey, ReceivedBytes);
        ReceivedBytes += bytes.Length;
    }

    public void OnEndOfStream(IChannel channel)
    {
        HasSeenEnd = true;
        CloseWhenOver();
    }

    public void OnSendDrained(IChannel channel) => Say();

    public void OnFailed(IChannel channel, TransportFault fault)
    {
        Fault = fault;
        _pause.Cancel();
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"sent {SentBytes} of {_talk.SendBytes}, received {ReceivedBytes} of {_talk.ReceiveBytes}, wrong at {WrongAt?.ToString(CultureInfo.InvariantCulture) ?? "-"}, end {HasSeenEnd}, fault {Fault?.Text ?? "-"}");

    private void Say()
    {
        if (_hasFinished || Fault is not null)
        {
            return;
        }

        var left = _talk.SendBytes - (int)SentBytes;
        if (left == 0)
        {
            _hasFinished = true;
            _channel!.ShutdownSend();
            CloseWhenOver();
            return;
        }

        var piece = new byte[Math.Min(left, _random.Next(1, _talk.LargestPieceBytes + 1))];
        Pattern.Fill(piece, _talk.SendKey, SentBytes);
        SentBytes += piece.Length;
        if (_channel!.Send(piece))
        {
            _pause.Set(_loop.NowMicroseconds + (long)(_random.NextDouble() * _talk.LongestPause.TotalMicroseconds));
        }
    }

    private void CloseWhenOver()
    {
        if (_hasFinished && HasSeenEnd)
        {
            _channel!.Close();
        }
    }
}

using System.Net;
using System.Text;

namespace Proxy.Transport.Tests.Support;

/// <summary>
/// A channel played by the test: what the peer does is a call of the test, what the owner does is written down. As a tunnel's stream is, it is
/// a channel without a socket.
/// </summary>
internal sealed class ScriptedChannel : IChannel
{
    private readonly StringBuilder _commands = new();
    private bool _isShutdown;

    public IChannelHandler Handler { get; set; } = null!;

    public EndPoint? RemoteEndPoint { get; init; }

    public EndPoint? LocalEndPoint => null;

    public bool HasUnsent { get; set; }

    /// <summary>Whether the peer takes what is sent; else it is kept.</summary>
    public bool IsTaking { get; set; } = true;

    public bool IsPaused { get; private set; } = true;

    /// <summary>Whether the channel has failed, or its owner has let go of it.</summary>
    public bool IsOver { get; private set; }

    /// <summary>What the owner did: sent text, `|` for the end of the stream, `[close]`, `[abort]`.</summary>
    public string Commands => _commands.ToString();

    public void Connected() => Handler.OnConnected(this);

    public void Receives(string text)
    {
        Assert.False(IsPaused, "The channel is paused.");
        Handler.OnReceived(this, Encoding.UTF8.GetBytes(text));
    }

    public void Ends()
    {
        Assert.False(IsPaused, "The channel is paused.");
        Handler.OnEndOfStream(this);
    }

    public void Drains()
    {
        Assert.True(HasUnsent, "Nothing is kept.");
        (HasUnsent, IsTaking) = (false, true);
        Handler.OnSendDrained(this);
    }

    public void Fails(TransportFaultKind kind)
    {
        Assert.False(IsOver, "The channel is over.");
        (IsOver, HasUnsent) = (true, false);
        Handler.OnFailed(this, new TransportFault(kind, kind.ToString()));
    }

    public bool Send(ReadOnlySpan<byte> bytes)
    {
        Write(Encoding.UTF8.GetString(bytes));
        HasUnsent |= !IsTaking && !IsOver;
        return !HasUnsent;
    }

    public void ShutdownSend()
    {
        if (!_isShutdown)
        {
            _isShutdown = true;
            Write("|");
        }
    }

    public void ResumeReceive() => IsPaused = false;

    public void PauseReceive() => IsPaused = true;

    public void Abort() => LetGo("[abort]");

    // Closing in good order ends our direction as well.
    public void Close()
    {
        ShutdownSend();
        LetGo("[close]");
    }

    private void LetGo(string command)
    {
        Write(command);
        IsOver = true;
    }

    private void Write(string command)
    {
        if (!IsOver)
        {
            _commands.Append(command);
        }
    }
}

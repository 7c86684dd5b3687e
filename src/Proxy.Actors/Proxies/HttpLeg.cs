using System.Net;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// The requests of an HTTP client that go to one destination, one after the other, as the client's side of a connection there: what the session
/// passes is received from it, what is sent to it is the session's to read. For the loop's thread only.
/// </summary>
internal sealed class HttpLeg(IIoLoop loop, HttpSession session, Destination destination) : IAskedClient
{
    private bool _isFinished;
    private bool _isEndTold;
    private bool _owesDrained;

    public Destination Destination { get; } = destination;

    /// <summary>Whether a request before this one went this way.</summary>
    public bool IsReused { get; set; }

    /// <summary>Whether the connection is over.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Whether it takes more of a request.</summary>
    public bool WantsReceive { get; private set; }

    /// <summary>Why the connection did not come about; <see cref="EndReason.None"/>: nobody has said so.</summary>
    public EndReason Reason { get; private set; }

    public string ReasonText { get; private set; } = "";

    public IChannelHandler Handler { get; set; } = TunnelStreamChannel.Nobody;

    public TransportFault? Fault { get; private set; }

    public EndPoint? RemoteEndPoint => null;

    public EndPoint? LocalEndPoint => null;

    public bool HasUnsent => session.HasUnsentOf(this);

    /// <summary>Some bytes of a request. Not from inside a call into this channel.</summary>
    public void Pass(ReadOnlySpan<byte> bytes)
    {
        if (!IsGone && !bytes.IsEmpty)
        {
            Handler.OnReceived(this, bytes);
        }
    }

    /// <summary>No request follows. The session is done with it.</summary>
    public void Finish()
    {
        _isFinished = true;
        loop.Post(new Turn(TellEnd));
    }

    /// <summary>What was asked is not wanted any more. The session is done with it.</summary>
    public void Drop(string text)
    {
        Fault = new TransportFault(TransportFaultKind.Reset, text);
        loop.Post(new Turn(TellFault));
    }

    /// <summary>The client has taken what was kept.</summary>
    public void TellDrained()
    {
        _owesDrained = false;
        if (!IsGone)
        {
            Handler.OnSendDrained(this);
        }
    }

    public void Grant()
    {
        // The answer is the destination's.
    }

    public void Refuse(EndReason reason, string text)
    {
        if (Reason == EndReason.None)
        {
            (Reason, ReasonText) = (reason, text);
        }
    }

    public bool Send(ReadOnlySpan<byte> bytes)
    {
        if (IsGone || session.TakeResponse(this, bytes))
        {
            return true;
        }

        _owesDrained = true;
        return false;
    }

    public void ShutdownSend()
    {
        if (!IsGone)
        {
            session.HandleLegEnded(this);
        }
    }

    public void ResumeReceive()
    {
        WantsReceive = true;
        if (_isFinished)
        {
            loop.Post(new Turn(TellEnd));
        }
        else
        {
            session.SetReceiving();
        }
    }

    public void PauseReceive()
    {
        WantsReceive = false;
        session.SetReceiving();
    }

    public void Abort() => Leave();

    public void Close() => Leave();

    private void Leave()
    {
        if (!IsGone)
        {
            IsGone = true;
            session.HandleLegEnded(this);
        }
    }

    private void TellEnd()
    {
        if (_owesDrained)
        {
            TellDrained();
        }

        if (WantsReceive && !IsGone && !_isEndTold)
        {
            _isEndTold = true;
            Handler.OnEndOfStream(this);
        }
    }

    private void TellFault()
    {
        if (!IsGone)
        {
            IsGone = true;
            Handler.OnFailed(this, Fault!.Value);
        }
    }

    /// <summary>In a turn of its own.</summary>
    internal sealed class Turn(Action work) : IThreadPoolWorkItem
    {
        public void Execute() => work();
    }
}

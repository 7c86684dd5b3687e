namespace Proxy.Transport.Relays;

public sealed partial class Relay
{
    /// <summary>One side of the relay: its channel, and what it has received for the other.</summary>
    private sealed class Leg(Relay relay, RelaySide side, IChannel channel) : IChannelHandler
    {
        public RelaySide Side { get; } = side;

        public IChannel Channel { get; } = channel;

        public Leg Other { get; set; } = null!;

        public long ReceivedBytes { get; private set; }

        /// <summary>Whether this side has ended its direction.</summary>
        public bool HasEnded { get; private set; }

        /// <summary>The direction from this side to the other.</summary>
        public RelayDirectionState State => (HasEnded, Other.HasKeptBytes) switch
        {
            (false, false) => RelayDirectionState.Flowing,
            (false, true) => RelayDirectionState.Blocked,
            (true, true) => RelayDirectionState.Draining,
            (true, false) => RelayDirectionState.Ended,
        };

        /// <summary>Whether this side's channel still holds bytes of the other; the other is paused meanwhile.</summary>
        private bool HasKeptBytes { get; set; }

        public void Start()
        {
            Channel.Handler = this;
            HasKeptBytes = Channel.HasUnsent;
            if (!Other.Channel.HasUnsent)
            {
                Channel.ResumeReceive();
            }
        }

        public void OnConnected(IChannel channel)
        {
            // Nothing: bytes for a channel that is still connecting are kept by it.
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
            ReceivedBytes += bytes.Length;
            relay.NoteActivity();
            if (!Other.Channel.Send(bytes))
            {
                Other.HasKeptBytes = true;
                Channel.PauseReceive();
            }
        }

        public void OnEndOfStream(IChannel channel)
        {
            HasEnded = true;
            relay.NoteActivity();
            Other.Channel.ShutdownSend();
            relay.HandleEndOfStream(this);
        }

        public void OnSendDrained(IChannel channel)
        {
            HasKeptBytes = false;
            relay.NoteActivity();
            if (!Other.HasEnded)
            {
                Other.Channel.ResumeReceive();
            }

            relay.CompleteWhenDrained();
        }

        public void OnFailed(IChannel channel, TransportFault fault) => relay.HandleFailed(this, fault);
    }
}

namespace Proxy.Transport.Relays;

public sealed partial class Relay
{
    /// <summary>One side of the relay: its channel, and what it has received for the other.</summary>
    private sealed class Leg(Relay relay, RelaySide side, IChannel channel) : IChannelHandler, ISpliceHandler, IPacketHandler
    {
        public RelaySide Side { get; } = side;

        public IChannel Channel { get; } = channel;

        public Leg Other { get; set; } = null!;

        public long ReceivedBytes { get; private set; }

        public long ReceivedPackets { get; private set; }

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

        /// <summary>Before <see cref="Start"/>, which sees what of it is kept.</summary>
        public void PassEarly(ReadOnlySpan<byte> bytes)
        {
            if (!bytes.IsEmpty)
            {
                ReceivedBytes += bytes.Length;
                Other.Channel.Send(bytes);
            }
        }

        public void Start()
        {
            Channel.Handler = this;
            (Channel as ISpliceSource)?.AllowSplice(Other.Channel, this);
            if (relay.CarriesPackets)
            {
                ((IPacketChannel)Channel).PacketHandler = this;
            }

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
            var isMoreAtHand = channel is IEndForesight { IsMoreAtHand: true };
            Note(bytes.Length, isMoreAtHand && Other.Channel is IPatientSink sink ? sink.SendBeforeMore(bytes) : Other.Channel.Send(bytes));
        }

        public void OnPacket(IPacketChannel channel, ReadOnlySpan<byte> packet)
        {
            ReceivedBytes += packet.Length;
            ReceivedPackets++;
            relay.NoteActivity();
            if (((IPacketChannel)Other.Channel).SendPacket(packet) != UdpSendStatus.Sent)
            {
                relay.PacketsLost++;
            }
        }

        public void OnSpliced(IChannel channel, int count, bool isTaken) => Note(count, isTaken);

        public void OnEndOfStream(IChannel channel)
        {
            HasEnded = true;
            relay.NoteActivity();
            if (!relay.TryComplete())
            {
                Other.Channel.ShutdownSend();
                relay.HandleEndOfStream(this);
            }
        }

        public void OnSendDrained(IChannel channel)
        {
            HasKeptBytes = false;
            relay.NoteActivity();
            if (!Other.HasEnded)
            {
                Other.Channel.ResumeReceive();
            }

            relay.TryComplete();
        }

        public void OnFailed(IChannel channel, TransportFault fault) => relay.HandleFailed(this, fault);

        private void Note(int count, bool isTaken)
        {
            ReceivedBytes += count;
            relay.NoteActivity();
            if (!isTaken)
            {
                Other.HasKeptBytes = true;
                Channel.PauseReceive();
            }
        }
    }
}

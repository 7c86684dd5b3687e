namespace Proxy.Transport.Tests.Contract;

/// <summary>Writes down what a channel tells; readable from any thread. A hook runs inside the call, on the loop.</summary>
public class RecordingChannelHandler : IChannelHandler
{
    private readonly Lock _lock = new();
    private readonly List<string> _calls = [];
    private readonly MemoryStream _received = new();
    private TransportFault? _fault;
    private int _drains;
    private bool _isSealed;
    private int _callsAfterSeal;

    public Action<IChannel>? WhenConnected { get; set; }

    public Action<IChannel>? WhenReceived { get; set; }

    public Action<IChannel>? WhenEnded { get; set; }

    public Action<IChannel>? WhenDrained { get; set; }

    public Action<IChannel>? WhenFailed { get; set; }

    /// <summary>The calls by name; received bytes in a row are one entry.</summary>
    public string Calls
    {
        get
        {
            lock (_lock)
            {
                return string.Join(' ', _calls);
            }
        }
    }

    public bool IsConnected => Calls.Contains("connected", StringComparison.Ordinal);

    public bool HasEnded => Calls.Contains("ended", StringComparison.Ordinal);

    public byte[] Received
    {
        get
        {
            lock (_lock)
            {
                return _received.ToArray();
            }
        }
    }

    public long ReceivedBytes
    {
        get
        {
            lock (_lock)
            {
                return _received.Length;
            }
        }
    }

    public TransportFault? Fault
    {
        get
        {
            lock (_lock)
            {
                return _fault;
            }
        }
    }

    public int Drains
    {
        get
        {
            lock (_lock)
            {
                return _drains;
            }
        }
    }

    public int CallsAfterSeal
    {
        get
        {
            lock (_lock)
            {
                return _callsAfterSeal;
            }
        }
    }

    /// <summary>From here on no call is expected; those that come are counted in <see cref="CallsAfterSeal"/>.</summary>
    public void Seal()
    {
        lock (_lock)
        {
            _isSealed = true;
        }
    }

    public virtual void OnConnected(IChannel channel)
    {
        Record("connected");
        WhenConnected?.Invoke(channel);
    }

    public virtual void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _received.Write(bytes);
            RecordLocked("received");
        }

        WhenReceived?.Invoke(channel);
    }

    public virtual void OnEndOfStream(IChannel channel)
    {
        Record("ended");
        WhenEnded?.Invoke(channel);
    }

    public virtual void OnSendDrained(IChannel channel)
    {
        lock (_lock)
        {
            _drains++;
            RecordLocked("drained");
        }

        WhenDrained?.Invoke(channel);
    }

    public virtual void OnFailed(IChannel channel, TransportFault fault)
    {
        lock (_lock)
        {
            _fault = fault;
            RecordLocked("failed:" + fault.Kind);
        }

        WhenFailed?.Invoke(channel);
    }

    private void Record(string call)
    {
        lock (_lock)
        {
            RecordLocked(call);
        }
    }

    private void RecordLocked(string call)
    {
        _callsAfterSeal += _isSealed ? 1 : 0;
        if (_calls.Count == 0 || _calls[^1] != call || call != "received")
        {
            _calls.Add(call);
        }
    }
}

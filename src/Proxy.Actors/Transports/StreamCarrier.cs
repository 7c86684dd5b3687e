using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Proxy.Protocol;
using Proxy.Protocol.Sealing.Records;
using Proxy.Transport;
using Proxy.Tunnel;

namespace Proxy.Actors;

/// <summary>
/// Carries a tunnel over a channel: to its link an endpoint whose datagrams all arrive, in order. Over TCP every byte is in a sealed record. Over
/// TLS one record each way is, the first: it proves that who has the key is who has the certificate, and the frames behind it are as they are. For
/// the loop's thread only.
/// </summary>
internal sealed class StreamCarrier : IUdpEndpoint, IChannelHandler
{
    private readonly IIoLoop _loop;
    private readonly IChannel _channel;
    private readonly SealedRecords _records;
    private readonly byte[] _binding;
    private readonly ArrayPool<byte> _pool;
    private readonly IDeadline _lingerDeadline;
    private readonly Action _opened;
    private TunnelLink? _link;
    private OrderedTunnelEngine? _engine;
    private byte[]? _record;                      // the beginning of a record
    private int _recordBytes;
    private bool _isBound;                        // over TLS: whether the peer's first record has come
    private bool _isClosing;
    private bool _isGone;

    /// <param name="loop">The channel's.</param>
    /// <param name="channel">Owned from here on; receiving is paused.</param>
    /// <param name="records">With the keys of the handshake; owned from here on.</param>
    /// <param name="binding">Over TLS, what both ends see of its server's certificate; over TCP nothing.</param>
    /// <param name="pool">For a record that has not come whole.</param>
    /// <param name="opened">Run once the other end has proved that it is who it should be; nothing of the tunnel leaves before.</param>
    public StreamCarrier(
        IIoLoop loop, IChannel channel, SealedRecords records, ReadOnlySpan<byte> binding, ArrayPool<byte> pool, Action opened)
    {
        _opened = opened;
        _loop = loop;
        _channel = channel;
        _records = records;
        _binding = binding.ToArray();
        _pool = pool;
        _lingerDeadline = loop.CreateDeadline(End);
    }

    public IPEndPoint LocalEndPoint => (IPEndPoint)_channel.LocalEndPoint!;

    private bool IsTls => _binding.Length > 0;

    /// <summary>Begins: the link has the engine, and takes its turns from now on.</summary>
    /// <param name="link">Started here.</param>
    /// <param name="engine">The link's.</param>
    /// <param name="hello">Had the channel before, and what came behind the handshake.</param>
    public void Start(TunnelLink link, OrderedTunnelEngine engine, HelloChannel hello)
    {
        (_link, _engine) = (link, engine);
        _channel.Handler = this;
        link.Start(this, UdpAddress.From((IPEndPoint)_channel.RemoteEndPoint!));
        if (hello.Fault is { } fault)
        {
            OnFailed(_channel, fault);
            return;
        }

        if (IsTls)
        {
            engine.SetBlocked(true, _loop.NowMicroseconds);
            SendRecords(_binding);
        }
        else
        {
            _opened();
        }

        OnReceived(_channel, hello.TakeUnread());
        _channel.ResumeReceive();
    }

    /// <summary>All of the bytes leave, or wait in the channel; the engine hears when that is enough.</summary>
    public UdpSendStatus Send(ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress to)
    {
        if (_isGone || _isClosing)
        {
            return UdpSendStatus.Sent;
        }

        if (!(IsTls ? _channel.Send(datagrams) : SendRecords(datagrams)))
        {
            _engine!.SetBlocked(true, _loop.NowMicroseconds);
        }

        return UdpSendStatus.Sent;
    }

    /// <summary>
    /// Ends our direction, and the channel once the peer has ended its own: to close at once would take from it, by a reset, what it has not read
    /// yet. A peer that keeps on has two seconds.
    /// </summary>
    public void Close()
    {
        if (_isGone || _isClosing)
        {
            return;
        }

        _isClosing = true;
        _channel.ShutdownSend();
        _channel.ResumeReceive();
        _lingerDeadline.Set(_loop.NowMicroseconds + LingerMicroseconds);
    }

    public void OnConnected(IChannel channel)
    {
        // It was connected before it came here.
    }

    public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        if (_isClosing)
        {
            return;
        }

        while (!bytes.IsEmpty && !_isGone)
        {
            if (_isBound)
            {
                _engine!.HandleBytes(bytes, _loop.NowMicroseconds);
                break;
            }

            HandleRecord(ref bytes);
        }

        _link!.RequestTurn();
    }

    public void OnEndOfStream(IChannel channel)
    {
        if (_isClosing)
        {
            End();
            return;
        }

        _engine!.HandleLost("the other end closed the connection", _loop.NowMicroseconds);
        _link!.RequestTurn();
    }

    public void OnSendDrained(IChannel channel)
    {
        if (!_isClosing && (_isBound || !IsTls))
        {
            _engine!.SetBlocked(false, _loop.NowMicroseconds);
            _link!.RequestTurn();
        }
    }

    public void OnFailed(IChannel channel, TransportFault fault)
    {
        Leave();
        if (!_isClosing)
        {
            _engine!.HandleLost(fault.Text, _loop.NowMicroseconds);
            _link!.RequestTurn();
        }
    }

    private bool SendRecords(ReadOnlySpan<byte> bytes)
    {
        var records = (bytes.Length + SealedRecords.MaximumBodyBytes - 1) / SealedRecords.MaximumBodyBytes;
        var buffer = ArrayPool<byte>.Shared.Rent(bytes.Length + (records * (SealedRecords.HeaderBytes + SealedRecords.TagBytes)));
        var length = 0;
        while (!bytes.IsEmpty)
        {
            var body = bytes[..Math.Min(bytes.Length, SealedRecords.MaximumBodyBytes)];
            body.CopyTo(buffer.AsSpan(length + SealedRecords.HeaderBytes));
            length += _records.Seal(buffer.AsSpan(length), body.Length);
            bytes = bytes[body.Length..];
        }

        var isSent = _channel.Send(buffer.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(buffer);
        return isSent;
    }

    /// <summary>Takes from the front what the record at hand lacks, and the record when it is whole.</summary>
    private void HandleRecord(ref ReadOnlySpan<byte> bytes)
    {
        _record ??= _pool.Rent(SealedRecords.MaximumBytes);
        var whole = _recordBytes < SealedRecords.HeaderBytes
            ? SealedRecords.HeaderBytes
            : Math.Min(SealedRecords.HeaderBytes + BinaryPrimitives.ReadUInt16BigEndian(_record), SealedRecords.MaximumBytes);
        var part = bytes[..Math.Min(bytes.Length, whole - _recordBytes)];
        part.CopyTo(_record.AsSpan(_recordBytes));
        _recordBytes += part.Length;
        bytes = bytes[part.Length..];
        switch (_records.Open(_record.AsSpan(0, _recordBytes), out var body, out _))
        {
            case ReadStatus.Malformed:
                Refuse("a record that was not sealed by the other end, or was changed on the way");
                break;
            case ReadStatus.Done:
                HandleBody(_record.AsSpan(body));
                ReturnRecord();
                break;
        }
    }

    private void HandleBody(ReadOnlySpan<byte> body)
    {
        if (!IsTls)
        {
            _engine!.HandleBytes(body, _loop.NowMicroseconds);
        }
        else if (CryptographicOperations.FixedTimeEquals(body, _binding))
        {
            _isBound = true;
            _engine!.SetBlocked(_channel.HasUnsent, _loop.NowMicroseconds);
            _opened();
        }
        else
        {
            Refuse("the two ends see different certificates: somebody sits between them");
        }
    }

    private void Refuse(string text)
    {
        _channel.Abort();
        Leave();
        _engine!.HandleForged(text, _loop.NowMicroseconds);
    }

    private void End()
    {
        if (!_isGone)
        {
            _channel.Close();
            Leave();
        }
    }

    private void Leave()
    {
        if (!_isGone)
        {
            _isGone = true;
            _lingerDeadline.Cancel();
            ReturnRecord();
            _records.Dispose();
        }
    }

    private void ReturnRecord()
    {
        _recordBytes = 0;
        if (_record is { } record)
        {
            _record = null;
            _pool.Return(record);
        }
    }

    private const long LingerMicroseconds = 2_000_000;
}

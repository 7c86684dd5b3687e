using System.Buffers;

namespace Proxy.Transport.Tls;

public sealed partial class TlsChannel
{
    // Plain text that was sent before hands were shaken; afterwards the channel below keeps records.
    private readonly KeptBytes _kept = new(ArrayPool<byte>.Shared);
    private bool _isShutdownAsked;
    private bool _isEndSent;

    // What the channel below said of the records it was given last.
    private bool _isTaken = true;

    // Records of one call are gathered here and sent at once; null outside of such a call.
    private byte[]? _gathered;
    private int _gatheredBytes;

    public bool HasUnsent => !IsClosed && (!_kept.IsEmpty || _raw.HasUnsent);

    public bool Send(ReadOnlySpan<byte> bytes)
    {
        if (IsClosed)
        {
            return true;
        }

        if (_isShutdownAsked)
        {
            throw new InvalidOperationException("Bytes were sent after the end of the stream.");
        }

        if (_untoldFault is not null)
        {
            return false;
        }

        if (_phase != Phase.Open)
        {
            _kept.Append(bytes);
            return false;
        }

        Encrypt(bytes);
        return _untoldFault is null && _isTaken;
    }

    public void ShutdownSend()
    {
        if (IsClosed || _isShutdownAsked)
        {
            return;
        }

        _isShutdownAsked = true;
        if (_phase == Phase.Open)
        {
            SendEnd();
        }
    }

    private void HandleRawDrained()
    {
        if (_phase == Phase.Open && !IsClosed)
        {
            Handler.OnSendDrained(this);
        }
    }

    private void SendKept()
    {
        while (!_kept.IsEmpty)
        {
            var first = _kept.First;
            Encrypt(first);
            _kept.Advance(first.Count);
        }
    }

    private unsafe void Encrypt(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            _isTaken = !_raw.HasUnsent;
            return;
        }

        var memory = TlsBuffers.BorrowMemory();
        _gathered = TlsBuffers.Borrow();
        try
        {
            fixed (byte* start = bytes)
            {
                memory.Set((nint)start, bytes.Length);
                var write = _tls.WriteAsync(memory.Memory);
                if (!write.IsCompleted)
                {
                    throw new IOException("a write waits although its stream takes everything");
                }

                write.GetAwaiter().GetResult();
            }
        }
        catch (IOException failure)
        {
            FailInNextTurn(TlsFaults.From(failure));
        }
        finally
        {
            SendGathered();
            TlsBuffers.GiveBack(_gathered);
            TlsBuffers.GiveBack(memory);
            _gathered = null;
        }
    }

    /// <summary>Takes records from the stream.</summary>
    private void Output(ReadOnlySpan<byte> records)
    {
        if (_isEndSent)
        {
            // An alert behind our last word; there is no way to send it.
            return;
        }

        if (_gathered is null)
        {
            _isTaken = _raw.Send(records);
            return;
        }

        if (records.Length > _gathered.Length - _gatheredBytes)
        {
            SendGathered();
        }

        // One record always fits: what does not is sent as it is.
        if (records.Length > _gathered.Length)
        {
            _isTaken = _raw.Send(records);
            return;
        }

        records.CopyTo(_gathered.AsSpan(_gatheredBytes));
        _gatheredBytes += records.Length;
    }

    private void SendGathered()
    {
        if (_gatheredBytes > 0)
        {
            var count = _gatheredBytes;
            _gatheredBytes = 0;
            _isTaken = _raw.Send(_gathered.AsSpan(0, count));
        }
    }

    private void SendEnd()
    {
        try
        {
            _tls.ShutdownAsync().GetAwaiter().GetResult();
        }
        catch (IOException failure)
        {
            FailInNextTurn(TlsFaults.From(failure));
        }

        _isEndSent = true;
        _raw.ShutdownSend();
    }
}

using System.Diagnostics.CodeAnalysis;

namespace Proxy.Transport.Tls;

public sealed partial class TlsChannel
{
    // The plain text of one record (RFC 8446, 5.1), twice: a read that finds a full record behind another takes both.
    private const int SmallestReadBytes = 32 << 10;
    private bool _isPaused = true;

    // Asks for no bytes, and so holds no buffer while it waits: it ends when there is something to read.
    private ValueTask<int> _probe;
    private bool _isProbing;
    private long _bytesBeforeProbe = -1;

    // What was found behind the last bytes; told when the owner has taken them.
    private Finding _finding;
    private TransportFault _foundFault;
    private bool _hasPeerEnded;

    // Long enough for a request to follow its handshake.
    private const long RenewMicroseconds = 1_000_000;
    private bool _isRenewing;

    /// <summary>Whether it waits for bytes and has no room made for them; for tests.</summary>
    internal bool IsWaitingWithoutBuffer => HasReadAll && !MayHoldBuffer;

    // What waits since the handshake, or took a ticket and went on waiting, has made room for a record that may never come.
    private bool MayHoldBuffer => _bytesBeforeProbe != _stream.TakenBytes;

    /// <summary>Whether nothing is left here, and the next bytes have to come from below.</summary>
    private bool HasReadAll => _isProbing && !_probe.IsCompleted && _finding == Finding.Nothing;

    public void ResumeReceive()
    {
        if (IsClosed)
        {
            return;
        }

        _isPaused = false;
        if (_phase != Phase.Open)
        {
            return;
        }

        if (HasReadAll || _hasPeerEnded)
        {
            _raw.ResumeReceive();
        }
        else
        {
            PostTurn();
        }
    }

    public void PauseReceive()
    {
        if (IsClosed)
        {
            return;
        }

        _isPaused = true;
        if (_phase == Phase.Open)
        {
            _raw.PauseReceive();
        }
    }

    private unsafe void HandleRaw(ReadOnlySpan<byte> bytes)
    {
        if (_phase == Phase.Handshaking)
        {
            if (!_stream.Append(bytes))
            {
                _raw.PauseReceive();
            }

            _stream.Wake();
        }
        else if (_phase == Phase.Open && !_hasPeerEnded)
        {
            fixed (byte* start = bytes)
            {
                _stream.Give(start, bytes.Length);
                try
                {
                    _stream.Wake();
                    Receive();
                }
                finally
                {
                    _stream.KeepGiven();
                }
            }
        }
    }

    private void HandleRawEnd()
    {
        _stream.End();
        _stream.Wake();
        if (_phase == Phase.Open)
        {
            Receive();
        }
    }

    /// <summary>Goes on where it stopped: first with what is here, then with what comes.</summary>
    private void ReceiveOn()
    {
        Receive();
        if (_phase == Phase.Open && !_isPaused)
        {
            _raw.ResumeReceive();
        }
    }

    /// <summary>Decrypts and delivers what there is, until nothing is left or the owner pauses.</summary>
    private void Receive()
    {
        while (_phase == Phase.Open && !_isPaused && !_hasPeerEnded)
        {
            if (_finding != Finding.Nothing)
            {
                TellFinding();
                return;
            }

            var buffer = TlsBuffers.Borrow();
            try
            {
                var count = Decrypt(buffer);
                if (count > 0)
                {
                    Handler.OnReceived(this, buffer.AsSpan(0, count));
                }
                else if (_finding == Finding.Nothing)
                {
                    return;
                }
            }
            finally
            {
                TlsBuffers.GiveBack(buffer);
            }
        }
    }

    private ValueTask<int> BeginProbe() => _tls.ReadAsync(Memory<byte>.Empty);

    private static int ResultOf(ValueTask<int> read) =>
        read.IsCompleted ? read.GetAwaiter().GetResult() : throw new IOException("a read waits although a probe has ended");

    /// <summary>Fills the buffer from its start as far as there is anything; gives the count.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "A probe is asked for its result once, as soon as it is completed.")]
    private int Decrypt(byte[] buffer)
    {
        var count = 0;
        try
        {
            while (buffer.Length - count >= SmallestReadBytes)
            {
                if (!_isProbing)
                {
                    _bytesBeforeProbe = _bytesBeforeProbe < 0 ? 0 : _stream.TakenBytes;
                    (_probe, _isProbing) = (BeginProbe(), true);
                }

                if (!_probe.IsCompleted)
                {
                    RenewLater();
                    break;
                }

                _isProbing = false;
                _probe.GetAwaiter().GetResult();
                var taken = ResultOf(_tls.ReadAsync(buffer.AsMemory(count)));
                if (taken == 0)
                {
                    _finding = Finding.End;
                    break;
                }

                count += taken;
            }
        }
        catch (IOException failure)
        {
            (_finding, _foundFault) = (Finding.Fault, TlsFaults.From(failure));
        }

        return count;
    }

    private void RenewLater()
    {
        if (MayHoldBuffer && _stream.IsAskedForNothing && !_isRenewing)
        {
            _isRenewing = true;
            _deadline.Set(_loop.NowMicroseconds + RenewMicroseconds);
        }
    }

    /// <summary>Begins the wait anew, without a buffer. It costs an exception, so it is done for who stays idle, and for nobody else.</summary>
    [SuppressMessage("Reliability", "CA2012", Justification = "The interrupted probe is over, and asked for its result once.")]
    private void Renew()
    {
        _isRenewing = false;
        if (_phase != Phase.Open || !HasReadAll || !MayHoldBuffer || !_stream.IsAskedForNothing)
        {
            return;
        }

        _stream.Interrupt();
        try
        {
            _probe.GetAwaiter().GetResult();
        }
        catch (IOException)
        {
            // As it was told to.
        }

        _bytesBeforeProbe = _stream.TakenBytes;
        _probe = BeginProbe();
    }

    private void TellFinding()
    {
        if (_finding == Finding.Fault)
        {
            Fail(_foundFault);
        }
        else if (_stream.IsEndTaken && !_isEndSent)
        {
            Fail(new TransportFault(TransportFaultKind.Reset, "TLS: truncated, the connection ended without a close_notify"));
        }
        else
        {
            _hasPeerEnded = true;
            Handler.OnEndOfStream(this);
        }
    }

    private enum Finding
    {
        Nothing,
        End,
        Fault,
    }
}

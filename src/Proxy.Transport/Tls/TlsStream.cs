using System.Buffers;
using System.Net.Security;
using System.Threading.Tasks.Sources;

namespace Proxy.Transport.Tls;

/// <summary>
/// The bytes under an <see cref="SslStream"/>, and the hand-over between threads. Two lives: while hands are shaken its reader is a worker,
/// and what wakes it is queued for one; from <see cref="EnterLoop"/> on the loop is reader and writer, and a read that waits is completed
/// inline, by whoever brings its bytes. One read at a time.
/// </summary>
internal sealed class TlsStream(ITlsStreamOwner owner, int handshakeLimitBytes) : Stream, IValueTaskSource<int>, IThreadPoolWorkItem
{
    // What may wait for a worker; at most one delivery of the loop comes on top.
    private const int MostKeptBytes = 64 << 10;
    private readonly Lock _lock = new();
    private readonly KeptBytes _kept = new(ArrayPool<byte>.Shared);
    private ManualResetValueTaskSourceCore<int> _read;
    private Memory<byte> _target;
    private bool _isWaiting;
    private int _keptBytes;
    private bool _isFull;
    private nint _given;
    private int _givenBytes;
    private int _handshakeBytes;
    private bool _isOnLoop;
    private bool _hasEnded;
    private IOException? _failure;

    /// <summary>Whether the reader was told that no bytes come any more.</summary>
    public bool IsEndTaken { get; private set; }

    /// <summary>Bytes that the reader has taken so far.</summary>
    public long TakenBytes { get; private set; }

    /// <summary>Whether the read that waits only asks whether there is something; whoever reads into a buffer holds one.</summary>
    public bool IsAskedForNothing => _isWaiting && _target.IsEmpty;

    public bool HasInput => _keptBytes > 0 || _givenBytes > 0;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The handshake is over and its worker gone; from now on everything happens on the loop's thread.</summary>
    public void EnterLoop() => _isOnLoop = true;

    /// <summary>Copies bytes in. False: enough are kept, and <see cref="ITlsStreamOwner.OnRoom"/> comes when they have been taken.</summary>
    public bool Append(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _kept.Append(bytes);
            _keptBytes += bytes.Length;
            _isFull = _keptBytes > MostKeptBytes;
            return !_isFull;
        }
    }

    /// <summary>Lends bytes that are taken without a copy in between, until <see cref="KeepGiven"/>. On the loop only.</summary>
    public unsafe void Give(byte* bytes, int count) => (_given, _givenBytes) = ((nint)bytes, count);

    /// <summary>Copies what was not taken of the lent bytes.</summary>
    public unsafe void KeepGiven()
    {
        if (_givenBytes > 0)
        {
            var left = new ReadOnlySpan<byte>((byte*)_given, _givenBytes);
            _givenBytes = 0;
            Append(left);
        }
    }

    /// <summary>No more bytes will come.</summary>
    public void End()
    {
        lock (_lock)
        {
            _hasEnded = true;
        }
    }

    /// <summary>Reading fails from now on, and what is kept is dropped.</summary>
    public void Fail(string reason)
    {
        lock (_lock)
        {
            _failure ??= new IOException(reason);
            _kept.Clear();
            (_keptBytes, _givenBytes) = (0, 0);
        }
    }

    /// <summary>Completes the read that waits, if there is something to tell it: inline on the loop, on a worker before.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            if (!_isWaiting || !(HasInput || _hasEnded || _failure is not null))
            {
                return;
            }

            _isWaiting = false;
        }

        if (_isOnLoop)
        {
            Execute();
        }
        else
        {
            owner.Offload(this);
        }
    }

    /// <summary>Ends the read that waits without a word, so that its reader lets go of what it holds. On the loop only.</summary>
    public void Interrupt()
    {
        if (_isWaiting)
        {
            _isWaiting = false;
            _read.SetException(new IOException("nothing has come yet"));
        }
    }

    /// <summary>Completes the read, here and now.</summary>
    public void Execute()
    {
        var target = _target;
        _target = default;
        try
        {
            TryTake(target, out var count);
            _read.SetResult(count);
        }
        catch (IOException failure)
        {
            _read.SetException(failure);
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            lock (_lock)
            {
                if (TryTake(buffer, out var count))
                {
                    return new ValueTask<int>(count);
                }

                _read.Reset();
                (_target, _isWaiting) = (buffer, true);
                return new ValueTask<int>(this, _read.Version);
            }
        }
        catch (IOException failure)
        {
            return ValueTask.FromException<int>(failure);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_isOnLoop)
        {
            owner.Output(buffer);
        }
        else
        {
            owner.PostOutput(buffer.ToArray());
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    int IValueTaskSource<int>.GetResult(short token) => _read.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _read.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _read.OnCompleted(continuation, state, token, flags & ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext);

    /// <summary>False: there is nothing yet. A read of no bytes asks whether there is something.</summary>
    private bool TryTake(Memory<byte> target, out int count)
    {
        lock (_lock)
        {
            count = 0;
            if (_failure is not null)
            {
                throw new IOException(_failure.Message);
            }

            if (!HasInput)
            {
                IsEndTaken |= _hasEnded && !target.IsEmpty;
                return _hasEnded;
            }

            count = _keptBytes > 0 ? TakeKept(target.Span) : TakeGiven(target.Span);
            TakenBytes += count;
            if (!_isOnLoop)
            {
                NoteHandshakeBytes(count);
            }

            return true;
        }
    }

    private int TakeKept(Span<byte> target)
    {
        var taken = 0;
        while (taken < target.Length && _keptBytes > 0)
        {
            var first = _kept.First;
            var count = Math.Min(first.Count, target.Length - taken);
            first.AsSpan(0, count).CopyTo(target[taken..]);
            _kept.Advance(count);
            _keptBytes -= count;
            taken += count;
        }

        return taken;
    }

    private unsafe int TakeGiven(Span<byte> target)
    {
        var count = Math.Min(_givenBytes, target.Length);
        new ReadOnlySpan<byte>((byte*)_given, count).CopyTo(target);
        (_given, _givenBytes) = (_given + count, _givenBytes - count);
        return count;
    }

    private void NoteHandshakeBytes(int count)
    {
        _handshakeBytes += count;
        if (_handshakeBytes > handshakeLimitBytes)
        {
            Fail($"the handshake is longer than {handshakeLimitBytes} bytes");
            throw new IOException(_failure!.Message);
        }

        if (_isFull && _keptBytes <= MostKeptBytes)
        {
            _isFull = false;
            owner.OnRoom();
        }
    }
}

/// <summary>What a <see cref="TlsStream"/> needs of its channel.</summary>
internal interface ITlsStreamOwner
{
    /// <summary>Runs <paramref name="work"/> on a worker. From any thread.</summary>
    void Offload(IThreadPoolWorkItem work);

    /// <summary>Sends bytes of the handshake, which the channel may keep, in a later turn. From a worker.</summary>
    void PostOutput(byte[] bytes);

    /// <summary>Sends bytes now. On the loop.</summary>
    void Output(ReadOnlySpan<byte> bytes);

    /// <summary>What was kept has been taken. From a worker.</summary>
    void OnRoom();
}

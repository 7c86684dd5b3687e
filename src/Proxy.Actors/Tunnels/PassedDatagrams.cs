using System.Buffers;
using System.Collections.Concurrent;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// Datagrams on their way from a socket of one loop to the handler of another's, batch by batch, as if they had come to that one's socket. Who is
/// too slow loses them, as with a full socket.
/// </summary>
/// <param name="loop">The handler's.</param>
/// <param name="handler">Told on its loop.</param>
/// <param name="endpoint">The handler's, by which it answers.</param>
internal sealed class PassedDatagrams(IIoLoop loop, IUdpHandler handler, IUdpEndpoint endpoint) : IThreadPoolWorkItem
{
    /// <summary>As much as a socket's receive buffer has.</summary>
    public const int MaximumBytes = 4 << 20;

    // Fairness, as for a socket: that much, then the others' turn.
    private const int BatchesPerTurn = 64;
    private readonly ConcurrentQueue<Batch> _batches = new();
    private int _waitingBytes;
    private int _isPosted;
    private bool _isClosed;

    /// <summary>Copies them. False: there is no room. From any thread.</summary>
    public bool TryPass(ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        if (Interlocked.Add(ref _waitingBytes, Cost(datagrams.Length)) > MaximumBytes)
        {
            Interlocked.Add(ref _waitingBytes, -Cost(datagrams.Length));
            return false;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(datagrams.Length);
        datagrams.CopyTo(buffer);
        _batches.Enqueue(new Batch(buffer, datagrams.Length, segmentSizeBytes, from));
        Post();
        return true;
    }

    /// <summary>On the handler's loop: nothing is told any more.</summary>
    public void Close()
    {
        _isClosed = true;
        Execute();
    }

    public void Execute()
    {
        // Before the queue is looked at: who adds to it afterwards posts again.
        Interlocked.Exchange(ref _isPosted, 0);
        var isTold = false;
        for (var left = BatchesPerTurn; (left > 0 || _isClosed) && _batches.TryDequeue(out var batch); left--)
        {
            Interlocked.Add(ref _waitingBytes, -Cost(batch.Length));
            try
            {
                if (!_isClosed)
                {
                    isTold = true;
                    handler.OnDatagrams(endpoint, batch.Buffer.AsSpan(0, batch.Length), batch.SegmentSizeBytes, batch.From);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(batch.Buffer);
            }
        }

        if (isTold)
        {
            handler.OnReceiveTurnEnded(endpoint);
        }

        if (!_batches.IsEmpty)
        {
            Post();
        }
    }

    private void Post()
    {
        if (Interlocked.Exchange(ref _isPosted, 1) == 0)
        {
            loop.Post(this);
        }
    }

    // Small ones cost more than their bytes.
    private static int Cost(int bytes) => bytes + BatchOverheadBytes;

    private const int BatchOverheadBytes = 256;

    private readonly record struct Batch(byte[] Buffer, int Length, int SegmentSizeBytes, UdpAddress From);
}

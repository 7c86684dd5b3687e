namespace Proxy.Kernel;

/// <summary>A piece of a mailbox's queue. Exists only while messages wait: taken from and returned to one pool, so an idle actor owns none.</summary>
internal sealed class EnvelopeSegment
{
    /// <summary>1 KiB of envelopes: the pool is touched once per 64 messages, and ten thousand mailboxes with a short queue hold 10 MB.</summary>
    public const int Size = 64;

    /// <summary>About 2 MiB kept at most.</summary>
    private const int MaximumPooled = 2048;

    private static readonly EnvelopeSegment[] Pool = new EnvelopeSegment[MaximumPooled];
    private static SpinGate _gate;
    private static int _pooled;

    private EnvelopeSegment()
    {
    }

    public Envelope[] Items { get; } = new Envelope[Size];

    public EnvelopeSegment? Next { get; set; }

    public static EnvelopeSegment Rent()
    {
        EnvelopeSegment? segment = null;
        _gate.Enter();
        if (_pooled > 0)
        {
            segment = Pool[--_pooled];
        }

        _gate.Exit();
        return segment ?? new EnvelopeSegment();
    }

    /// <summary>The items must have been cleared by whoever took them.</summary>
    public static void Return(EnvelopeSegment segment)
    {
        segment.Next = null;
        _gate.Enter();
        if (_pooled < MaximumPooled)
        {
            Pool[_pooled++] = segment;
        }

        _gate.Exit();
    }
}

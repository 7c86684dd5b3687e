using System.Buffers;
using Proxy.Policy.Filters;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// One side of a <see cref="FilteredPair"/>: what it delivers is what the filters make of what its inner channel receives. Holds what the other
/// side does not take while the filters still write, at most <see cref="MaximumHeldBytes"/>.
/// </summary>
internal sealed class FilteredChannel : ChannelDecorator
{
    /// <summary>As much as filters may write for one call, behind one that has just been refused. Beyond it the connection is cut.</summary>
    public const int MaximumHeldBytes = 2 * FilterLimits.WrittenBytesPerCall;

    // What the limits of filters are made for; a loop may read more at once.
    private const int MaximumCallBytes = 64 * 1024;

    private readonly FilteredPair _pair;
    private readonly FilterDirection _direction;

    // Bytes that have not been through the filters: of earlier readers, or the rest of a read that nobody can take now.
    private readonly KeptBytes _unread;

    public FilteredChannel(FilteredPair pair, FilterDirection direction, IIoLoop loop, IChannel inner, ArrayPool<byte> pool)
        : base(loop, inner, pool)
    {
        (_pair, _direction, _unread) = (pair, direction, new KeptBytes(pool));
    }

    /// <summary>Whether nobody is told anything any more.</summary>
    public bool HasLeft => IsGone;

    protected override bool HasWork => !_unread.IsEmpty || base.HasWork;

    protected override bool MayReceive => _unread.IsEmpty && !_pair.IsBlocked(_direction);

    /// <summary>Whether what filters write would go on at once, and they take bytes.</summary>
    private bool MayFilter => IsWanted && !IsGone && HeldBytes == 0 && !_pair.IsBlocked(_direction);

    public override void Unread(ReadOnlySpan<byte> bytes) => _unread.Append(bytes);

    /// <summary>Takes what the filters have written.</summary>
    public void Accept(ReadOnlySpan<byte> bytes)
    {
        Pass(bytes);
        if (HeldBytes > MaximumHeldBytes)
        {
            _pair.CutForSize();
        }
    }

    /// <summary>Takes that the filters have nothing more to write.</summary>
    public void AcceptEnd() => PassEnd();

    /// <summary>After every event of the filters: they may have written, and want bytes or no more of them.</summary>
    public void GoOn()
    {
        if (_pair.Cut is not null)
        {
            // What was written before still goes, and then nothing follows.
            _unread.Clear();
            PassEnd();
        }

        Advance();
        if (!_unread.IsEmpty && !_pair.IsBlocked(_direction))
        {
            PostTurn();
        }
    }

    public void FailBecause(string text) => Fail(new TransportFault(TransportFaultKind.Other, text));

    protected override void HandleReceived(ReadOnlySpan<byte> bytes)
    {
        while (_unread.IsEmpty && !bytes.IsEmpty && MayFilter)
        {
            var count = Math.Min(bytes.Length, MaximumCallBytes);
            _pair.Receive(_direction, bytes[..count]);
            bytes = bytes[count..];
        }

        if (!bytes.IsEmpty && !IsGone && _pair.Cut is null)
        {
            _unread.Append(bytes);
            Advance();
        }
    }

    protected override void HandleEndOfStream() => _pair.EndInput(_direction);

    protected override void HandleTurn()
    {
        Advance();
        while (!_unread.IsEmpty && MayFilter)
        {
            // A copy: an end in the middle of it gives the buffer back.
            var bytes = _unread.First.ToArray();
            _unread.Advance(bytes.Length);
            _pair.Receive(_direction, bytes);
        }

        Advance();
    }

    protected override void HandleGone()
    {
        _unread.Clear();
        _pair.HandleGone();
    }
}

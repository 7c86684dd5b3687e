using System.Buffers;

namespace Proxy.Policy.Filters;

/// <summary>
/// The filters of one connection, one behind the other: the first stands nearest to the client, so bytes for the client pass it last. Holds
/// what they hold back, within <see cref="FilterLimits"/>, and nothing else. For one thread at a time.
/// <para>
/// Order of use: <see cref="TryCreate"/>, <see cref="Start"/> once; then events (<see cref="HandleReceived"/>, <see cref="HandleEnded"/>,
/// <see cref="HandleTime"/>), after each of which the caller looks at <see cref="Cut"/> (the connection is to be closed),
/// <see cref="NextDueMicroseconds"/> (when to call <see cref="HandleTime"/>) and <see cref="IsBlocked"/> (whether to stop reading a side, or
/// to read it again); at last <see cref="Dispose"/>. What comes out goes to the <see cref="IFilterReceiver"/> within these calls.
/// </para>
/// </summary>
public sealed class FilterPipeline : IDisposable
{
    private readonly IFilterReceiver _receiver;
    private readonly List<(string Name, IStreamFilter Filter)> _filters = [];
    private readonly FilterStage[] _toUpstream;
    private readonly FilterStage[] _toClient;
    private readonly bool[] _hasEnded = new bool[2];
    private int _writtenBytes;
    private bool _isOver;

    private FilterPipeline(
        IReadOnlyList<IStreamFilterFactory> factories, FilterConnection connection, IFilterReceiver receiver, ArrayPool<byte> pool)
    {
        _receiver = receiver;
        var toUpstream = new List<FilterStage>();
        var toClient = new List<FilterStage>();
        foreach (var factory in factories)
        {
            if (TryMake(factory, connection) is not { } filter)
            {
                break;
            }

            _filters.Add((factory.Name, filter));
            if (factory.Directions.Include(FilterDirection.ToUpstream))
            {
                toUpstream.Add(new FilterStage(this, factory.Name, filter, FilterDirection.ToUpstream, new HeldBytes(pool)));
            }

            if (factory.Directions.Include(FilterDirection.ToClient))
            {
                toClient.Insert(0, new FilterStage(this, factory.Name, filter, FilterDirection.ToClient, new HeldBytes(pool)));
            }
        }

        _toUpstream = Chain(toUpstream);
        _toClient = Chain(toClient);
    }

    /// <summary>Why the connection is to be closed; null while it may go on. From then on every event does nothing.</summary>
    public FilterCut? Cut { get; private set; }

    /// <summary>When to call <see cref="HandleTime"/> at the latest; null when no filter waits for a moment.</summary>
    public long? NextDueMicroseconds => !HasStopped ? Earliest(Earliest(null, _toUpstream), _toClient) : null;

    /// <summary>Whether no filter is to be called any more.</summary>
    internal bool HasStopped => Cut is not null || _isOver;

    /// <summary>A pipeline for a connection that is about to begin; null without filters, and then bytes need not come here at all.</summary>
    /// <param name="pool">Where buffers for held bytes come from.</param>
    public static FilterPipeline? TryCreate(
        IReadOnlyList<IStreamFilterFactory> factories, FilterConnection connection, IFilterReceiver receiver, ArrayPool<byte> pool)
    {
        ArgumentNullException.ThrowIfNull(factories);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(factories.Count, FilterLimits.Filters, nameof(factories));
        return factories.Count == 0 ? null : new FilterPipeline(factories, connection, receiver, pool);
    }

    /// <summary>
    /// Whether the side that sends in <paramref name="direction"/> should not be read for now. One read that was under way is still taken.
    /// </summary>
    public bool IsBlocked(FilterDirection direction)
    {
        foreach (var stage in Stages(direction))
        {
            if (stage.IsWaiting)
            {
                return true;
            }
        }

        return false;
    }

    public void Start(long nowMicroseconds)
    {
        foreach (var stage in _toUpstream.Concat(_toClient))
        {
            stage.Receive([], nowMicroseconds);
        }
    }

    /// <summary>Bytes that came for the side that <paramref name="direction"/> leads to. All of them are taken.</summary>
    public void HandleReceived(FilterDirection direction, ReadOnlySpan<byte> bytes, long nowMicroseconds)
    {
        if (HasStopped || _hasEnded[(int)direction] || bytes.IsEmpty)
        {
            return;
        }

        _writtenBytes = 0;
        if (Stages(direction) is [var first, ..])
        {
            first.Receive(bytes, nowMicroseconds);
        }
        else
        {
            PassOut(direction, bytes);
        }
    }

    /// <summary>The sender of this direction has finished it; what comes for it afterwards is ignored.</summary>
    public void HandleEnded(FilterDirection direction, long nowMicroseconds)
    {
        if (HasStopped || _hasEnded[(int)direction])
        {
            return;
        }

        _hasEnded[(int)direction] = true;
        _writtenBytes = 0;
        if (Stages(direction) is [var first, ..])
        {
            first.EndInput(nowMicroseconds);
        }
        else
        {
            PassEnd(direction);
        }
    }

    /// <summary>Calls the filters whose moment has come. Too early is allowed and does nothing.</summary>
    public void HandleTime(long nowMicroseconds)
    {
        HandleTime(_toUpstream, nowMicroseconds);
        HandleTime(_toClient, nowMicroseconds);
    }

    /// <summary>Forgets what is held and disposes the filters. What one of them throws is a <see cref="Cut"/>, if there was none before.</summary>
    public void Dispose()
    {
        _isOver = true;
        foreach (var stage in _toUpstream.Concat(_toClient))
        {
            stage.Release();
        }

        foreach (var (name, filter) in _filters)
        {
            try
            {
                (filter as IDisposable)?.Dispose();
            }
            catch (Exception defect)
            {
                End(name, defect.Message, defect);
            }
        }

        _filters.Clear();
    }

    internal void PassOut(FilterDirection direction, ReadOnlySpan<byte> bytes) => _receiver.OnFiltered(direction, bytes);

    internal void PassEnd(FilterDirection direction) => _receiver.OnFinished(direction);

    /// <summary>False when the connection is cut, for this reason or an earlier one.</summary>
    internal bool TryNoteWritten(string filter, int bytes)
    {
        if (HasStopped)
        {
            return false;
        }

        _writtenBytes += bytes;
        if (_writtenBytes > FilterLimits.WrittenBytesPerCall)
        {
            End(filter, "The filter writes more than it may.", defect: null);
        }

        return Cut is null;
    }

    /// <summary>The first reason is kept.</summary>
    internal void End(string filter, string reason, Exception? defect) =>
        Cut ??= new FilterCut(filter, reason[..Math.Min(reason.Length, FilterLimits.ReasonCharacters)], defect);

    private static FilterStage[] Chain(List<FilterStage> stages)
    {
        for (var index = 1; index < stages.Count; index++)
        {
            stages[index - 1].Next = stages[index];
        }

        return [.. stages];
    }

    private static long? Earliest(long? due, FilterStage[] stages)
    {
        foreach (var stage in stages)
        {
            if (stage.DueMicroseconds is { } moment && !(due <= moment))
            {
                due = moment;
            }
        }

        return due;
    }

    private IStreamFilter? TryMake(IStreamFilterFactory factory, FilterConnection connection)
    {
        try
        {
            return factory.Create(connection);
        }
        catch (Exception defect)
        {
            End(factory.Name, defect.Message, defect);
            return null;
        }
    }

    private FilterStage[] Stages(FilterDirection direction) => direction == FilterDirection.ToUpstream ? _toUpstream : _toClient;

    private void HandleTime(FilterStage[] stages, long nowMicroseconds)
    {
        // The last one first: what it lets go makes room for the others.
        _writtenBytes = 0;
        for (var index = stages.Length - 1; index >= 0; index--)
        {
            stages[index].HandleTime(nowMicroseconds);
        }
    }
}

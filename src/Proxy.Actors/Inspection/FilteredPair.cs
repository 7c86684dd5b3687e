using System.Buffers;
using Proxy.Policy.Filters;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// The two channels of a connection with one <see cref="FilterPipeline"/> between them: whoever joins <see cref="Client"/> and
/// <see cref="Upstream"/> sees what the filters make of the bytes. A filter's cut reaches both as an end of stream behind what was written
/// before it, so that a relay ends in good order; <see cref="Cut"/> says why. Filters are disposed when both channels are gone. For the loop's
/// thread only.
/// </summary>
internal sealed class FilteredPair : IFilterReceiver
{
    /// <summary>How long a cut connection has for what was written before the cut; as long as a closed channel.</summary>
    public static readonly TimeSpan CutLinger = TimeSpan.FromSeconds(30);

    private readonly IIoLoop _loop;
    private readonly FilterPipeline _pipeline;
    private readonly IDeadline _deadline;
    private FilterCut? _cut;
    private bool _isRunning;
    private bool _isLingering;
    private bool _isReleased;

    /// <summary>Stands around both channels at once, whose receiving is paused, and tells the filters that the connection begins.</summary>
    /// <param name="factories">At least one.</param>
    public FilteredPair(
        IReadOnlyList<IStreamFilterFactory> factories, FilterConnection connection, IIoLoop loop, ArrayPool<byte> pool, IChannel client, IChannel upstream)
    {
        _loop = loop;
        Client = new FilteredChannel(this, FilterDirection.ToUpstream, loop, client, pool);
        Upstream = new FilteredChannel(this, FilterDirection.ToClient, loop, upstream, pool);
        _deadline = loop.CreateDeadline(OnDeadline);
        _isRunning = true;
        _pipeline = FilterPipeline.TryCreate(factories, connection, this, pool)
            ?? throw new ArgumentException("A connection without filters needs no decorator.", nameof(factories));
        _pipeline.Start(loop.NowMicroseconds);
        EndEvent();
    }

    public FilteredChannel Client { get; }

    public FilteredChannel Upstream { get; }

    /// <summary>Why filters have ended the connection; null: they have not.</summary>
    public FilterCut? Cut => _cut ?? (_isReleased ? null : _pipeline.Cut);

    /// <summary>What a filter threw when it was disposed at the end of a connection that had ended for another reason.</summary>
    public Exception? DisposalDefect => _isReleased && _cut is null ? _pipeline.Cut?.Defect : null;

    /// <summary>The cut in words for a log line: nothing in it that a peer could make a line of its own with.</summary>
    public static string TextOf(FilterCut cut) =>
        string.Concat($"{cut.Filter}: {cut.Reason}".Select(character => char.IsControl(character) ? '?' : character));

    void IFilterReceiver.OnFiltered(FilterDirection direction, ReadOnlySpan<byte> bytes) => Side(direction).Accept(bytes);

    void IFilterReceiver.OnFinished(FilterDirection direction) => Side(direction).AcceptEnd();

    /// <summary>Whether the side that sends in this direction is not to be read for now.</summary>
    internal bool IsBlocked(FilterDirection direction) => Cut is not null || _pipeline.IsBlocked(direction);

    internal void Receive(FilterDirection direction, ReadOnlySpan<byte> bytes)
    {
        _isRunning = true;
        _pipeline.HandleReceived(direction, bytes, _loop.NowMicroseconds);
        EndEvent();
    }

    internal void EndInput(FilterDirection direction)
    {
        _isRunning = true;
        _pipeline.HandleEnded(direction, _loop.NowMicroseconds);
        EndEvent();
    }

    /// <summary>Filters write on and on while the other side takes nothing.</summary>
    internal void CutForSize() => _cut ??= _pipeline.Cut ?? new FilterCut("filters", "More was written than the other side takes.");

    /// <summary>One of the channels is gone.</summary>
    internal void HandleGone()
    {
        if (_isRunning || _isReleased || !Client.HasLeft || !Upstream.HasLeft)
        {
            return;
        }

        _cut = Cut;
        _isReleased = true;
        _deadline.Cancel();
        _pipeline.Dispose();
    }

    private FilteredChannel Side(FilterDirection direction) => direction == FilterDirection.ToUpstream ? Client : Upstream;

    private void OnDeadline()
    {
        if (_isLingering)
        {
            Client.FailBecause("The other side did not take its last bytes in time.");
            Upstream.FailBecause("The other side did not take its last bytes in time.");
            return;
        }

        _isRunning = true;
        _pipeline.HandleTime(_loop.NowMicroseconds);
        try
        {
            EndEvent();
        }
        catch (Exception failure)
        {
            // A handler threw in a turn that is no channel's: it costs this connection, as it would in a turn of one.
            Client.FailBecause("a handler failed: " + failure.Message);
            Upstream.FailBecause("a handler failed: " + failure.Message);
            throw;
        }
    }

    private void EndEvent()
    {
        _isRunning = false;
        HandleGone();
        Client.GoOn();
        Upstream.GoOn();
        if (!_isReleased)
        {
            SetDeadline();
        }
    }

    private void SetDeadline()
    {
        if (Cut is not null)
        {
            if (!_isLingering)
            {
                _isLingering = true;
                _deadline.Set(_loop.NowMicroseconds + (long)CutLinger.TotalMicroseconds);
            }
        }
        else if (_pipeline.NextDueMicroseconds is { } due)
        {
            _deadline.Set(due);
        }
        else
        {
            _deadline.Cancel();
        }
    }
}

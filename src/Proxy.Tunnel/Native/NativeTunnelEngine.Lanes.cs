using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>Which lane a stream is on.</summary>
public sealed partial class NativeTunnelEngine
{
    private int _lastChosenLane;

    /// <summary>The lane of a stream: both ends know it from the id.</summary>
    private Lane LaneOf(int streamId) => _lanes[1 + ((streamId >> 1) % _settings.UserLanes)];

    /// <summary>Control frames that wait, of all lanes.</summary>
    public int ControlFrames
    {
        get
        {
            var frames = 0;
            foreach (var lane in _lanes)
            {
                frames += lane.ControlFrames;
            }

            return frames;
        }
    }

    private bool IsControlCrowded => ControlFrames >= _settings.MaximumControlFrames / 2;

    /// <summary>The first id of each lane from the given one on.</summary>
    private void SetFirstIds(int first)
    {
        for (var step = 0; step < _settings.UserLanes; step++)
        {
            var id = first + (2L * step);
            _nextOfLane[1 + (int)((id >> 1) % _settings.UserLanes)] = id;
        }
    }

    /// <summary>
    /// The one with the least to carry, and none with a bulk stream while another is free: whoever shares a lane shares its losses and its turn.
    /// Bulk that we receive counts as well, as our requests share its lane at the other end.
    /// </summary>
    private Lane ChooseLane()
    {
        Lane? best = null;
        for (var step = 1; step <= _settings.UserLanes; step++)
        {
            var lane = _lanes[1 + ((_lastChosenLane + step - 1) % _settings.UserLanes)];
            if (_nextOfLane[lane.Index] <= int.MaxValue && (best is null || IsLighter(lane, best)))
            {
                best = lane;
            }
        }

        _lastChosenLane = best!.Index;
        return best;
    }

    private bool IsLighter(Lane lane, Lane other)
    {
        var load = Load(lane);
        var otherLoad = Load(other);
        var isBulk = load > _settings.BulkBytes;
        if (isBulk != otherLoad > _settings.BulkBytes)
        {
            return !isBulk;
        }

        return isBulk ? load < otherLoad : (lane.Streams, load).CompareTo((other.Streams, otherLoad)) < 0;
    }

    private long Load(Lane lane) => lane.UnsentBytes + lane.RecentlyReceivedBytes(_nowMicroseconds);
}

using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel;

/// <summary>What a tunnel can use up: ids of streams, numbers of datagrams, and what its keys may seal.</summary>
public sealed partial class NativeTunnelEngine
{
    private bool _isWearTold;

    /// <summary>A stream was opened; its lane has that many ids fewer.</summary>
    private void NoteIdsUsed(Lane lane)
    {
        var left = (int.MaxValue - _nextOfLane[lane.Index]) / 2;
        if (left < _settings.ReplaceBelowStreams)
        {
            TellWear("few ids are left for streams");
        }
    }

    private void NoteSealUsed()
    {
        if (_seal.IsOver && State != TunnelState.Closed)
        {
            FallSilent("its keys or numbers are used up");
        }
        else if (_seal.IsWorn)
        {
            TellWear("its keys or numbers near their end");
        }
    }

    private void TellWear(string text)
    {
        if (!_isWearTold && State == TunnelState.Ready)
        {
            _isWearTold = true;
            Tell(TunnelEventKind.Worn, text);
        }
    }
}

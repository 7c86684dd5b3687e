namespace Proxy.Actors;

// A stream whose tunnel has fallen silent, before anything came back.
internal sealed partial class OutboundLeg
{
    /// <summary>Whether the first hop has taken the stream.</summary>
    public bool IsAccepted => _isAccepted;

    /// <summary>Gives up the stream that was not accepted yet; all that it was given is sent again with the next one.</summary>
    /// <returns>False: it is too late for that.</returns>
    public bool TryTakeBack()
    {
        if (_isGone || _isAccepted || _stream is not { } stream)
        {
            return false;
        }

        _stream = null;
        _call?.Dispose();
        stream.Abort();
        return true;
    }
}

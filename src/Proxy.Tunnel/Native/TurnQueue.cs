namespace Proxy.Tunnel.Native;

/// <summary>A queue of streams of which the first may stay first for a while.</summary>
internal sealed class TurnQueue
{
    private readonly Queue<NativeStream> _others = new();
    private NativeStream? _first;

    public int Count => _first is null ? 0 : _others.Count + 1;

    public NativeStream? First => _first;

    public void Append(NativeStream stream)
    {
        if (_first is null)
        {
            _first = stream;
        }
        else
        {
            _others.Enqueue(stream);
        }
    }

    public void RemoveFirst() => _first = _others.TryDequeue(out var next) ? next : null;

    public void MoveFirstToEnd()
    {
        if (_first is { } stream && _others.Count > 0)
        {
            RemoveFirst();
            Append(stream);
        }
    }

    public void Clear()
    {
        _first = null;
        _others.Clear();
    }
}

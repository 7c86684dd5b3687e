namespace Proxy.Tunnel.Native;

/// <summary>A queue of whoever wants to send, of which the first may stay first for a while.</summary>
internal sealed class TurnQueue<T>
    where T : class
{
    private readonly Queue<T> _others = new();
    private T? _first;

    public int Count => _first is null ? 0 : _others.Count + 1;

    public T? First => _first;

    public void Append(T waiting)
    {
        if (_first is null)
        {
            _first = waiting;
        }
        else
        {
            _others.Enqueue(waiting);
        }
    }

    public void RemoveFirst() => _first = _others.TryDequeue(out var next) ? next : null;

    public void MoveFirstToEnd()
    {
        if (_first is { } waiting && _others.Count > 0)
        {
            RemoveFirst();
            Append(waiting);
        }
    }

    public void Clear()
    {
        _first = null;
        _others.Clear();
    }
}

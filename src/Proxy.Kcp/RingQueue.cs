namespace Proxy.Kcp;

/// <summary>First in, first out, without an allocation once it has grown to what is needed. Who adds keeps the limit.</summary>
internal struct RingQueue<T>
    where T : struct
{
    private SequenceRing<T> _items;
    private uint _head;
    private uint _tail;

    public RingQueue()
    {
        _items = new SequenceRing<T>();
    }

    public readonly int Count => (int)(_tail - _head);

    public readonly T Peek() => _items[_head];

    public void Enqueue(T item)
    {
        _items.Reserve(_head, Count, Count + 1);
        _items[_tail++] = item;
    }

    public T Dequeue() => _items[_head++];

    /// <summary>Empties it and gives the memory back.</summary>
    public void Release()
    {
        _items.Release();
        _head = _tail = 0;
    }
}

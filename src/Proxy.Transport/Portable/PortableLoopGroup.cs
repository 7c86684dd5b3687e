namespace Proxy.Transport.Portable;

/// <summary>The loops of a node: one per core, named `loop-0` and on. Disposing it stops all of them.</summary>
public sealed class PortableLoopGroup : IDisposable
{
    private readonly PortableLoop[] _loops;

    public PortableLoopGroup(int count, PortableLoopSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        _loops = new PortableLoop[count];
        for (var i = 0; i < count; i++)
        {
            _loops[i] = new PortableLoop("loop-" + i, settings);
        }
    }

    public IReadOnlyList<PortableLoop> Loops => _loops;

    public void Dispose()
    {
        foreach (var loop in _loops)
        {
            loop.Dispose();
        }
    }
}

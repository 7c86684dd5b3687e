using System.Buffers;

namespace Proxy.Tunnel.Native;

/// <summary>One stream inside a native engine, on its lane.</summary>
internal sealed class NativeStream(int id, Lane lane, ArrayPool<byte> pool) : CreditStream(id, pool)
{
    public Lane Lane { get; } = lane;
}

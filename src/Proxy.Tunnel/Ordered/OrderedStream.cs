using System.Buffers;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Ordered;

/// <summary>One stream inside an engine over an ordered byte stream.</summary>
internal sealed class OrderedStream(int id, ArrayPool<byte> pool) : CreditStream(id, pool);

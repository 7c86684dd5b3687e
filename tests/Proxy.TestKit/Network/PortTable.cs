using System.Net;
using Proxy.Transport;

namespace Proxy.TestKit;

/// <summary>Which socket of a host is bound to which address and port, for one protocol.</summary>
internal sealed class PortTable<T>(SimulatedHost host)
    where T : class
{
    private readonly Dictionary<int, List<(IPAddress Address, T Socket, bool IsShared)>> _bindings = [];

    public int Count { get; private set; }

    public bool HasPort(int port) => _bindings.ContainsKey(port);

    /// <summary>
    /// Port 0 is replaced by a free one. An address that only loopback or the host itself has is refused elsewhere. Sockets that all say so may
    /// share one address.
    /// </summary>
    public bool TryBind(IPEndPoint requested, T socket, bool isShared, out IPEndPoint bound, out TransportFault fault)
    {
        bound = requested;
        fault = default;
        if (!IsAny(requested.Address) && !host.Owns(requested.Address))
        {
            fault = new TransportFault(TransportFaultKind.AddressNotAvailable, $"{requested} is not an address of {host.Name}");
            return false;
        }

        if (requested.Port == 0)
        {
            bound = new IPEndPoint(requested.Address, host.NextPort());
        }

        var bindings = _bindings.GetValueOrDefault(bound.Port) ?? [];
        if (bindings.Exists(binding =>
            Overlap(binding.Address, requested.Address) && !(isShared && binding.IsShared && binding.Address.Equals(requested.Address))))
        {
            fault = new TransportFault(TransportFaultKind.AddressInUse, $"{requested} is in use on {host.Name}");
            return false;
        }

        bindings.Add((requested.Address, socket, isShared));
        _bindings[bound.Port] = bindings;
        Count++;
        return true;
    }

    /// <summary>
    /// The socket for is sent to <paramref name="target"/>: one bound to the very address, or to all addresses of
    /// its family; of those that share the address always the same for one source port.
    /// </summary>
    public T? Find(IPEndPoint target, int sourcePort)
    {
        if (!_bindings.TryGetValue(target.Port, out var bindings))
        {
            return null;
        }

        var matches = bindings.FindAll(binding => Overlap(binding.Address, target.Address));
        return matches.Count == 0 ? null : matches[matches[0].IsShared ? sourcePort % matches.Count : 0].Socket;
    }

    public void Unbind(IPEndPoint bound, T socket)
    {
        if (_bindings.TryGetValue(bound.Port, out var bindings) && bindings.RemoveAll(binding => ReferenceEquals(binding.Socket, socket)) > 0)
        {
            Count--;
            if (bindings.Count == 0)
            {
                _bindings.Remove(bound.Port);
            }
        }
    }

    public void Clear()
    {
        _bindings.Clear();
        Count = 0;
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static bool Overlap(IPAddress left, IPAddress right) =>
        left.AddressFamily == right.AddressFamily && (left.Equals(right) || IsAny(left) || IsAny(right));
}

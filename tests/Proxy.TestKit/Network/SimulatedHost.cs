using System.Net;
using System.Net.Sockets;

namespace Proxy.TestKit;

/// <summary>
/// A machine of the simulated network: its addresses, its kernel's sockets, and its I/O loops. What a crash and a restart mean: a crash is a
/// power cut, all loops and sockets are gone without a word, and what is sent to it goes nowhere; after the restart the machine answers again,
/// with resets and "port unreachable" until new loops bind new sockets.
/// </summary>
public sealed partial class SimulatedHost
{
    // IANA's range of ephemeral ports.
    private const int FirstEphemeralPort = 49152;
    private const int LastEphemeralPort = 65535;

    private readonly List<SimulatedLoop> _loops = [];
    private readonly List<IPAddress> _addresses;
    private int _nextPort = FirstEphemeralPort;

    internal SimulatedHost(SimulatedWorld world, int number, string name, ReadOnlySpan<string> addresses)
    {
        World = world;
        Number = number;
        Name = name;
        _addresses = [.. addresses.ToArray().Select(IPAddress.Parse)];
        _udp = new PortTable<SimulatedUdpEndpoint>(this);
        _listeners = new PortTable<SimulatedListener>(this);
    }

    public SimulatedWorld World { get; }

    public string Name { get; }

    /// <summary>The addresses that other hosts reach it by; the first of a family is the source of what it sends.</summary>
    public IReadOnlyList<IPAddress> Addresses => _addresses;

    /// <summary>Whether the machine runs.</summary>
    public bool IsUp { get; private set; } = true;

    /// <summary>Whether it answers a datagram for an unbound port with ICMP "port unreachable"; a firewall would not.</summary>
    public bool AnswersPortUnreachable { get; set; } = true;

    /// <summary>The place in the order of creation, from 1: what the trace and the rules know a host by.</summary>
    internal int Number { get; }

    /// <summary>
    /// Gives the machine another address, which from now on is the source of what its sockets send that are bound to all addresses. It is still
    /// reached by the present ones.
    /// </summary>
    public void AddAddress(string address)
    {
        _addresses.Insert(0, IPAddress.Parse(address));
        World.Network.Attach(this, _addresses[0]);
    }

    /// <summary>Cuts the power. Idempotent.</summary>
    public void Crash()
    {
        if (!IsUp)
        {
            return;
        }

        IsUp = false;
        World.Trace.Record(TraceKind.Crashed, this, 0);
        foreach (var loop in _loops)
        {
            loop.Kill();
        }

        _loops.Clear();
        DropDatagramSockets();
        DropStreamSockets();
    }

    /// <summary>Lets the machine run again, without any loop or socket.</summary>
    public void Restart()
    {
        if (!IsUp)
        {
            IsUp = true;
            World.Trace.Record(TraceKind.Restarted, this, 0);
        }
    }

    public override string ToString() => Name;

    internal void Attach(SimulatedLoop loop)
    {
        if (!IsUp)
        {
            throw new InvalidOperationException($"{Name} has crashed; restart it first.");
        }

        _loops.Add(loop);
    }

    internal bool Owns(IPAddress address) => IPAddress.IsLoopback(address) || Addresses.Contains(address);

    /// <summary>What a socket bound to all addresses sends from to <paramref name="target"/>; null: the host has none of that family.</summary>
    internal IPAddress? SourceFor(IPAddress target)
    {
        if (IPAddress.IsLoopback(target))
        {
            return target.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback;
        }

        return Addresses.FirstOrDefault(address => address.AddressFamily == target.AddressFamily);
    }

    /// <summary>
    /// An ephemeral port that nothing is bound to. Ports are given out in order and go on after a restart, so that an old connection is not
    /// taken for a new one.
    /// </summary>
    internal int NextPort()
    {
        while (true)
        {
            var port = _nextPort;
            _nextPort = port == LastEphemeralPort ? FirstEphemeralPort : port + 1;
            if (!_udp.HasPort(port) && !_listeners.HasPort(port) && !_clientPorts.Contains(port))
            {
                return port;
            }
        }
    }
}

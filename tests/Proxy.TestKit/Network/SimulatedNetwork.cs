using System.Net;
using Proxy.Transport;

namespace Proxy.TestKit;

/// <summary>
/// Carries packets between hosts: after the path's latency, unless a rule has another verdict. A packet within one host takes
/// <see cref="LoopbackLatency"/>, and no rule sees it.
/// </summary>
public sealed class SimulatedNetwork
{
    private readonly SimulatedWorld _world;
    private readonly Dictionary<IPAddress, SimulatedHost> _hosts = [];
    private readonly Dictionary<(int From, int To), TimeSpan> _latencies = [];
    private readonly List<NetworkRule> _rules = [];
    private long _packetCount;

    internal SimulatedNetwork(SimulatedWorld world, int seed)
    {
        _world = world;
        Random = new Random(seed);
    }

    /// <summary>One way, between two hosts for which <see cref="SetLatency"/> said nothing else.</summary>
    public TimeSpan DefaultLatency { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>From a socket to another of the same host. A loopback device is not free: neither is it instant here.</summary>
    public TimeSpan LoopbackLatency { get; set; } = TimeSpan.FromMicroseconds(10);

    /// <summary>Bytes of one direction of a TCP connection that may be under way or unread: what makes back-pressure real.</summary>
    public int TcpWindowBytes { get; set; } = 64 * 1024;

    internal Random Random { get; }

    /// <summary>The latency of the path between two hosts, one way, the same in both directions.</summary>
    public void SetLatency(SimulatedHost left, SimulatedHost right, TimeSpan latency)
    {
        _latencies[(left.Number, right.Number)] = latency;
        _latencies[(right.Number, left.Number)] = latency;
    }

    /// <summary>Adds a rule behind those that are installed. Disposing the result takes it out again.</summary>
    public IDisposable Install(NetworkRule rule)
    {
        _rules.Add(rule);
        return new Guard(() => _rules.Remove(rule));
    }

    /// <summary>Lets nothing pass between two hosts until the result is disposed.</summary>
    public IDisposable Partition(SimulatedHost left, SimulatedHost right) => Install(new PartitionRule(left, right));

    internal void Attach(SimulatedHost host)
    {
        foreach (var address in host.Addresses)
        {
            Attach(host, address);
        }
    }

    internal void Attach(SimulatedHost host, IPAddress address) => _hosts.Add(address, host);

    /// <summary>The host that <paramref name="from"/> reaches at <paramref name="address"/>; null: nobody has it.</summary>
    internal SimulatedHost? HostAt(SimulatedHost from, IPAddress address) => from.Owns(address) ? from : _hosts.GetValueOrDefault(address);

    internal TimeSpan LatencyOf(SimulatedHost from, SimulatedHost to) =>
        ReferenceEquals(from, to) ? LoopbackLatency : _latencies.GetValueOrDefault((from.Number, to.Number), DefaultLatency);

    /// <summary>
    /// Sends a packet on its way. <paramref name="arrive"/> runs once for each copy that reaches a running host, <paramref name="lose"/> for
    /// each that does not, at the moment it is lost.
    /// </summary>
    internal void Carry(
        PacketKind kind,
        SimulatedHost from,
        SimulatedHost to,
        UdpAddress source,
        UdpAddress destination,
        ReadOnlyMemory<byte> bytes,
        Action arrive,
        Action? lose = null)
    {
        _world.Trace.Record(TraceKind.Sent, from, bytes.Length);
        var latency = LatencyOf(from, to);
        var verdict = ReferenceEquals(from, to)
            ? Verdict.Pass
            : Judge(new Packet(_packetCount++, _world.Time.Elapsed, kind, from, to, source, destination, bytes));
        switch (verdict)
        {
            case Verdict.Dropped:
                _world.Trace.Record(TraceKind.Dropped, from, bytes.Length);
                lose?.Invoke();
                break;
            case Verdict.Delivered delivered:
                foreach (var delay in delivered.Delays)
                {
                    Deliver(to, bytes.Length, latency + delay, arrive, lose);
                }

                break;
            default:
                Deliver(to, bytes.Length, latency, arrive, lose);
                break;
        }
    }

    private void Deliver(SimulatedHost to, int size, TimeSpan delay, Action arrive, Action? lose) => _world.Agenda.AddAfter(delay, () =>
    {
        _world.Trace.Record(to.IsUp ? TraceKind.Arrived : TraceKind.Lost, to, size);
        if (to.IsUp)
        {
            arrive();
        }
        else
        {
            lose?.Invoke();
        }
    });

    private Verdict Judge(in Packet packet)
    {
        foreach (var rule in _rules)
        {
            var verdict = rule.Judge(packet, Random);
            if (verdict is not Verdict.Passed)
            {
                return verdict;
            }
        }

        return Verdict.Pass;
    }

    private sealed class Guard(Action uninstall) : IDisposable
    {
        public void Dispose() => uninstall();
    }
}

using Proxy.Policy.Filters;
using Proxy.Policy.Rules;
using Proxy.Simulation.Tests;

namespace Proxy.Actors.Tests;

/// <summary>A relay with one target whose connections are inspected.</summary>
internal sealed class InspectedRig
{
    public InspectedRig(Func<RelayPlan, RelayPlan> configure, int seed = 1)
    {
        Relay = new RelayRig(settings => configure(settings with { Targets = [RelayRig.To("10.0.0.4:80")] }), seed);
        Server = Relay.StartTarget(0);
    }

    public InspectedRig(params IStreamFilterFactory[] filters)
        : this(settings => settings with { Filters = filters })
    {
    }

    public RelayRig Relay { get; }

    public ScriptedServer Server { get; }

    /// <summary>Bytes that the relay's node has rented now.</summary>
    public int BuffersRented => Relay.Node.Pool.RentedNow;

    /// <summary>A connection through the relay, both of whose ends are known.</summary>
    public (ScriptedSocket Application, ScriptedSocket Target) Connect()
    {
        var application = Relay.Connect();
        var number = Server.Sockets.Count;
        Relay.Until(() => Server.Sockets.Count > number);
        return (application, Server.Sockets[number]);
    }

    public void Until(Func<bool> condition, double seconds = 2) => Relay.Until(condition, seconds);

    public void RunFor(double seconds) => Relay.RunFor(seconds);

    public static CidrSet Anybody()
    {
        var builder = new CidrSetBuilder();
        builder.Add("0.0.0.0/0", "test", line: 1);
        return builder.Build();
    }
}

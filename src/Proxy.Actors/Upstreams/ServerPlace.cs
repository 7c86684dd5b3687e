using System.Diagnostics.CodeAnalysis;
using System.Net;
using Proxy.Kernel;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;

namespace Proxy.Actors;

/// <summary>
/// One connection's place at one server, from the pick to the end. Whoever holds it gives it back however it ends; twice is as good as once.
/// Thread-safe.
/// </summary>
internal sealed class ServerPlace
{
    private readonly UpstreamPicker _picker;
    private readonly ServerLease _lease;

    public ServerPlace(UpstreamPicker picker, IActorRef owner, ServerLease lease, int othersLeft)
    {
        (_picker, _lease, Owner, OthersLeft) = (picker, lease, owner, othersLeft);
        (Name, Address) = (lease.Server.Settings.Name, lease.Server.Settings.Address);
        Host = HostOf(lease.Server);
    }

    public IActorRef Owner { get; }

    /// <summary>Only to be compared; it changes under the picker's lock.</summary>
    public UpstreamServer Server => _lease.Server;

    /// <summary>What logs call the server.</summary>
    public string Name { get; }

    /// <summary>What the settings call it: a host name, or else its address.</summary>
    public string Host { get; }

    /// <summary>Where to dial.</summary>
    public IPEndPoint Address { get; }

    /// <summary>How many more servers the connection could go to after this one and its name's others, at most <see cref="MaximumOthers"/>.</summary>
    public int OthersLeft { get; }

    /// <summary>Whether the server's checks say that it is down.</summary>
    public bool IsDown => _picker.IsDown(Server);

    /// <summary>What the settings call <paramref name="server"/>: a host name, or else its address.</summary>
    public static string HostOf(UpstreamServer server) => server.Settings.HostName ?? server.Settings.Address.Address.ToString();

    public bool TryPickAlternative(IReadOnlyList<UpstreamServer> tried, [NotNullWhen(true)] out ServerPlace? alternative) =>
        _picker.TryPickAlternative(this, tried, out alternative);

    public void Report(ServerOutcome outcome) => _picker.Report(Server, outcome);

    public void Return(ServerOutcome? outcome = null) => _picker.Return(this, _lease, outcome);

    /// <summary>A dial shares its time with three servers that may follow, so that it gets a quarter at the least.</summary>
    public const int MaximumOthers = 3;
}

using System.CommandLine;
using Proxy.Actors;

namespace Proxy.Node.Commands;

/// <summary>When a sender of datagrams is forgotten.</summary>
internal sealed class UdpIdleOption
{
    private readonly Option<string?> _idle = new("--udp-idle")
    {
        Description = "Without a datagram in either direction a flow of UDP ends, as it has no other end. Default 60s.",
        HelpName = "DURATION",
    };

    public void AddTo(Command command) => command.Add(_idle);

    public ConnectionTimeouts Apply(ParseResult parsed, ConnectionTimeouts timeouts) =>
        parsed.GetValue(_idle) is { } text ? timeouts with { UdpIdle = Values.Wait(text, _idle.Name) } : timeouts;
}

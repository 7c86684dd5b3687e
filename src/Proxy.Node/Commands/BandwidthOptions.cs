using System.CommandLine;
using Proxy.Actors;

namespace Proxy.Node.Commands;

/// <summary>How fast the bytes of a relay may go: all connections together, and each of them. The option with a direction beats the one without.</summary>
internal sealed class BandwidthOptions
{
    private readonly DirectedRate _frontend = new("--bandwidth", "Of all connections together, shared fairly");

    private readonly DirectedRate _connection = new("--connection-bandwidth", "Of each connection");

    public void AddTo(Command command)
    {
        _frontend.AddTo(command);
        _connection.AddTo(command);
    }

    public BandwidthSettings Read(ParseResult parsed) => new()
    {
        FrontendUp = _frontend.Up(parsed),
        FrontendDown = _frontend.Down(parsed),
        ConnectionUp = _connection.Up(parsed),
        ConnectionDown = _connection.Down(parsed),
    };

    private sealed class DirectedRate(string name, string whose)
    {
        private readonly Option<string?> _both = Create(name, $"{whose}, in each direction: 500KB/s, 10MiB/s, 8Mbit/s. Default: no limit.");
        private readonly Option<string?> _up = Create($"{name}-up", $"{whose}, from the clients to the servers.");
        private readonly Option<string?> _down = Create($"{name}-down", $"{whose}, from the servers to the clients.");

        public void AddTo(Command command)
        {
            command.Add(_both);
            command.Add(_up);
            command.Add(_down);
        }

        public long Up(ParseResult parsed) => Read(parsed, _up);

        public long Down(ParseResult parsed) => Read(parsed, _down);

        private long Read(ParseResult parsed, Option<string?> directed) =>
            parsed.GetValue(directed) is { } rate ? RateText.Rate(rate, directed.Name)
            : parsed.GetValue(_both) is { } both ? RateText.Rate(both, _both.Name)
            : 0;

        private static Option<string?> Create(string name, string description) => new(name) { Description = description, HelpName = RateText.Form };
    }
}

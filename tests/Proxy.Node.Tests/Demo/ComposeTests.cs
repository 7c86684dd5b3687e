using System.CommandLine;
using Proxy.Node.Commands;
using Proxy.Node.Demo;

namespace Proxy.Node.Tests.Demo;

/// <summary>The containers are what the demo shows, with one server more and everything beyond loopback.</summary>
public sealed class ComposeTests
{
    // What is otherwise in a container: the key is in the environment, and it has its directories and ports to itself.
    private static readonly string[] OfOneMachine = ["--key-file", "--state-dir", "--admin"];

    private readonly Dictionary<string, string[]> _commands = ReadCommands();

    [Fact]
    public void There_are_a_seed_three_servers_a_client_and_an_echo() =>
        Assert.Equal(["seed", "server-1", "server-2", "server-3", "client", "echo"], _commands.Keys);

    [Fact]
    public void Servers_and_client_are_started_as_in_the_demo()
    {
        var server = OptionsOf(DemoTopology.Server("server-1", "key", "state", "http://127.0.0.1:1")).Except(OfOneMachine).ToArray();
        Assert.NotEmpty(server);
        Assert.All(ServersOfCompose, name => Assert.Empty(server.Except(OptionsOf(_commands[name]))));
        Assert.Empty(OptionsOf(DemoTopology.Client("key", isCluster: true, "http://127.0.0.1:1", 1)).Except(OfOneMachine).Except(OptionsOf(_commands["client"])));
        Assert.All(DemoTopology.ServerNames, name => Assert.Contains(name, _commands.Keys));
    }

    [Fact]
    public void All_commands_are_understood()
    {
        Assert.All(ServersOfCompose, name => Assert.Empty(Parse(ServerCommand.Create(), _commands[name]).Errors));
        Assert.Empty(Parse(ClientCommand.Create(), _commands["client"]).Errors);
    }

    [Fact]
    public void Everybody_goes_to_the_seed_and_each_server_says_its_own_address()
    {
        var port = ValueOf("seed", "--listen").Split(':')[^1];
        Assert.All(ServersOfCompose.Append("client"), name => Assert.Equal($"https://seed:{port}", ValueOf(name, "--cluster")));
        Assert.All(ServersOfCompose, name => Assert.Equal(name, ValueOf(name, "--name")));
        Assert.All(ServersOfCompose, name => Assert.Equal($"kcp://{name}:{ValueOf(name, "--listen").Split(':')[^1]}", ValueOf(name, "--advertise")));
        Assert.Equal(ValueOf("server-1", "--allow-destination"), ValueOf("client", "--forward").Split('=')[1]);
    }

    private IEnumerable<string> ServersOfCompose => _commands.Keys.Where(name => name.StartsWith("server-", StringComparison.Ordinal));

    private string ValueOf(string service, string option) => _commands[service][Array.IndexOf(_commands[service], option) + 1];

    private static IEnumerable<string> OptionsOf(string[] command) => command.Where(word => word.StartsWith("--", StringComparison.Ordinal));

    private static ParseResult Parse(Command command, string[] words) => new RootCommand { command }.Parse(words);

    // A service is two spaces from the margin, below services; its command is a list on one line.
    private static Dictionary<string, string[]> ReadCommands()
    {
        var commands = new Dictionary<string, string[]>();
        var service = "";
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "compose.yaml")).SkipWhile(line => line != "services:").TakeWhile(line => line != "secrets:"))
        {
            if (line.Length > 2 && line.StartsWith("  ", StringComparison.Ordinal) && line[2] != ' ')
            {
                service = line.Trim().TrimEnd(':');
            }
            else if (line.Trim().StartsWith("command: [", StringComparison.Ordinal))
            {
                commands.Add(service, [.. line.Trim()["command: [".Length..^1].Split(", ").Select(word => word.Trim('"'))]);
            }
        }

        return commands;
    }
}

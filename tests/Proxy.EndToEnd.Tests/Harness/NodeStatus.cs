using System.Text.Json;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>What `tcpproxy status --json` says about a node.</summary>
internal sealed class NodeStatus
{
    private readonly JsonElement _root;

    private NodeStatus(JsonElement root)
    {
        _root = root;
    }

    public JsonElement Root => _root;

    public long ActiveStreams => _root.GetProperty("streams").GetProperty("active").GetInt64();

    public long TotalStreams => _root.GetProperty("streams").GetProperty("total").GetInt64();

    public long ActiveConnections => _root.GetProperty("connections").GetProperty("active").GetInt64();

    public IReadOnlyList<JsonElement> Tunnels => [.. _root.GetProperty("tunnels").EnumerateArray()];

    public static async Task<NodeStatus> OfAsync(NodeProcess node)
    {
        var result = await CommandResult.OfNodeAsync("status", "--admin", node.Admin.ToString(), "--json");
        Assert.True(result.ExitCode == 0, $"status ended with {result.ExitCode}: {result.Errors}");
        using var document = JsonDocument.Parse(result.Output);
        return new NodeStatus(document.RootElement.Clone());
    }
}

using System.Text.Json;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>What `tcpproxy status --json` says about a node.</summary>
internal sealed class NodeStatus
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(15) };

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

    /// <summary>As the admin address has it, which is what the command prints.</summary>
    /// <param name="node">Who is asked.</param>
    /// <param name="query">What behind the address asks for more.</param>
    public static async Task<NodeStatus> OfAsync(NodeProcess node, string query = "")
    {
        using var document = JsonDocument.Parse(await Client.GetStringAsync(new Uri(node.Admin, "/status" + query)));
        return new NodeStatus(document.RootElement.Clone());
    }

    public static Task<string> MetricsOfAsync(NodeProcess node) => Client.GetStringAsync(new Uri(node.Admin, "/metrics"));
}

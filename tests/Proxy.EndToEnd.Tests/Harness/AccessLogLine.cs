using System.Text.Json;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>One line of a JSON access log.</summary>
internal sealed record AccessLogLine(string Event, long Id, string Client, string? Server, string Code, string? Reason, string? Fault, long BytesFromClient, long BytesFromUpstream)
{
    /// <summary>The complete lines that are there by now.</summary>
    public static IReadOnlyList<AccessLogLine> ReadAll(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
    }

    /// <summary>The one line at the end of the connection from that address and port, once it is there.</summary>
    public static async Task<AccessLogLine> EndOfAsync(string path, string client, TimeSpan bound)
    {
        AccessLogLine[] ends = [];
        await Wait.UntilAsync(
            () => (ends = [.. ReadAll(path).Where(line => line.Event == "end" && line.Client == client)]).Length > 0,
            bound,
            () => $"no end of {client} in:\n{File.ReadAllText(path)}");
        return Assert.Single(ends);
    }

    private static AccessLogLine Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        return new AccessLogLine(
            root.GetProperty("event").GetString()!,
            root.GetProperty("id").GetInt64(),
            root.GetProperty("client").GetString()!,
            root.GetProperty("server").GetString(),
            root.GetProperty("code").GetString()!,
            root.GetProperty("reason").GetString(),
            root.GetProperty("fault").GetString(),
            root.GetProperty("bytes_from_client").GetInt64(),
            root.GetProperty("bytes_from_upstream").GetInt64());
    }
}

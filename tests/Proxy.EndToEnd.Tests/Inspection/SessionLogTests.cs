using System.Text.RegularExpressions;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Inspection;

/// <summary>The files in which a relay logs what passes.</summary>
[Collection(OnlyWaits.Second)]
public sealed partial class SessionLogTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Each_connection_has_a_file_of_its_own_that_only_its_owner_may_read()
    {
        using var work = new WorkDirectory();
        await using var echoing = TcpPeer.Echo();
        await using var relay = await StartAsync(echoing, $"log=text,dir={work.Path}");
        using var first = await Dial.ToAsync(relay.Tcp);
        using var second = await Dial.ToAsync(relay.Tcp);
        await SayAsync(first, "one\r\n");
        await SayAsync(second, "two\r\n");

        await Wait.UntilAsync(() => Lines(work).Count(line => line.EndsWith(@"\r\n", StringComparison.Ordinal)) == 4, Bound, () => string.Join('\n', Lines(work)));

        var files = Directory.GetFiles(work.Path);
        Assert.Equal(2, files.Length);
        Assert.All(files, file =>
        {
            Assert.Matches(FileName(), Path.GetFileName(file));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            var lines = File.ReadAllLines(file);
            Assert.Matches(Title(), lines[0]);
            var word = lines[1][^7..^4];
            Assert.Matches(Line(), lines[1]);
            Assert.EndsWith($@"> 00000000  {word}\r\n", lines[1]);
            Assert.EndsWith($@"< 00000000  {word}\r\n", lines[2]);
        });
    }

    [Fact]
    public async Task All_that_was_logged_is_in_the_file_when_the_node_has_ended()
    {
        using var work = new WorkDirectory();
        await using var digesting = TcpPeer.Digesting();
        await using var relay = await StartAsync(digesting, $"log=hex,dir={work.Path},direction=up,max=100KB");
        await Exchange.UploadAsync(relay.Tcp, new Content(41, 50_000), Limit);
        await Exchange.UploadAsync(relay.Tcp, new Content(42, 200_000), Limit);

        relay.Send(Signal.Terminate);
        Assert.Equal(0, await relay.ExitAsync(Bound));

        var logged = Directory.GetFiles(work.Path).Order(StringComparer.Ordinal).Select(File.ReadAllLines).ToArray();
        Assert.Equal((50_000, 100_000), (LoggedBytes(logged[0]), LoggedBytes(logged[1])));
        Assert.EndsWith("No more of this connection is logged.", logged[1][^1]);
    }

    [Fact]
    public async Task A_directory_that_goes_away_costs_the_log_and_not_the_connection()
    {
        using var work = new WorkDirectory();
        await using var echoing = TcpPeer.Echo();
        var directory = Directory.CreateDirectory(work.File("logs"));
        await using var relay = await StartAsync(echoing, $"log=hex,dir={directory.FullName}");
        directory.Delete();
        using var application = await Dial.ToAsync(relay.Tcp);

        await SayAsync(application, "hello");
        await relay.LogsAsync("is not written any more", Bound);
        await SayAsync(application, "still here");

        Assert.Single(relay.Log, line => line.Contains("is not written any more", StringComparison.Ordinal));
    }

    private static async Task SayAsync(System.Net.Sockets.Socket socket, string text)
    {
        var bytes = System.Text.Encoding.ASCII.GetBytes(text);
        await socket.SendAllAsync(bytes, CancellationToken.None);
        Assert.Equal(bytes, await socket.ReadExactlyAsync(bytes.Length, CancellationToken.None));
    }

    private static int LoggedBytes(string[] lines) => lines.Sum(line => line.Split('|') is [var hex, _, ..]
        ? hex[(hex.IndexOf('>', StringComparison.Ordinal) + "> 00000000".Length)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Length
        : 0);

    private static string[] Lines(WorkDirectory work) => [.. Directory.GetFiles(work.Path).SelectMany(ReadShared)];

    private static string[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static Task<NodeProcess> StartAsync(TcpPeer target, string filter) => NodeProcess.StartAsync(
        "relay", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--to", target.Address.ToString(), "--filter", filter);

    [GeneratedRegex(@"^relay-\d{8}T\d{6}\.\d{3}-\d{6}\.log$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FileName();

    [GeneratedRegex(@"^# relay 127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+, connection \d+, \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Title();

    [GeneratedRegex(@"^\d\d:\d\d:\d\d\.\d{6} > ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Line();
}

using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Actors;
using Proxy.Node.AccessLogs;
using Proxy.Protocol.Ends;

namespace Proxy.Node.Tests.AccessLogs;

public sealed class AccessLogWriterTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tcpproxy-access-log-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task What_waits_is_written_before_the_end()
    {
        var path = Path.Combine(_directory.FullName, "access.log");
        await using (var writer = new AccessLogWriter(path, new TextFormat(), NullLogger.Instance))
        {
            for (var id = 1; id <= 1000; id++)
            {
                writer.Write(Entry(id));
            }
        }

        Assert.Equal(Enumerable.Range(1, 1000), File.ReadLines(path).Select(line => int.Parse(line.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_file_that_was_moved_away_is_followed_by_a_new_one()
    {
        var (path, moved) = (Path.Combine(_directory.FullName, "access.log"), Path.Combine(_directory.FullName, "access.log.1"));
        await using (var writer = new AccessLogWriter(path, new TextFormat(), NullLogger.Instance))
        {
            File.Move(path, moved);
            writer.Write(Entry(1));
        }

        Assert.Empty(File.ReadLines(moved));
        Assert.Single(File.ReadLines(path));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_an_error_of_the_configuration()
    {
        var path = Path.Combine(_directory.FullName, "missing", "access.log");

        var refusal = Assert.Throws<ConfigurationException>(() => new AccessLogWriter(path, new TextFormat(), NullLogger.Instance));

        Assert.StartsWith($"--access-log {path}: ", refusal.Message, StringComparison.Ordinal);
    }

    private static AccessLogEntry Entry(long id) => new()
    {
        Event = AccessLogEvents.End,
        Time = DateTimeOffset.UnixEpoch,
        Id = id,
        Frontend = "web",
        Client = new IPEndPoint(IPAddress.Loopback, 1),
        Peer = new IPEndPoint(IPAddress.Loopback, 1),
        Server = null,
        Phase = ConnectionPhase.Queued,
        TerminationCode = "--",
        Reason = EndReason.Completed,
        Detail = "",
        Wait = null,
        Connect = null,
        Duration = TimeSpan.Zero,
        BytesFromClient = 0,
        BytesFromUpstream = 0,
        Retries = 0,
    };
}

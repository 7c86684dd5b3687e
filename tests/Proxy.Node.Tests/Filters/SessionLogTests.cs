using System.Net;
using Proxy.Node.Filters;
using Proxy.Policy.Filters;

namespace Proxy.Node.Tests.Filters;

/// <summary>Session logs whose writer runs when the test says so.</summary>
public sealed class SessionLogTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tcpproxy-test-");
    private readonly Queue<IThreadPoolWorkItem> _work = new();
    private readonly SessionLogs _logs;

    public SessionLogTests()
    {
        _logs = new SessionLogs(_work.Enqueue);
    }

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Lines_of_several_connections_are_written_by_one_run_of_the_writer()
    {
        using var first = Open();
        using var second = Open();
        first.WriteLine(0, "one");
        second.WriteLine(0, "two");
        first.WriteLine(0, "three");
        Assert.Empty(Files());

        Assert.Single(_work);
        RunWriter();

        Assert.Equal([" one", " three"], LinesOf(0).Skip(1).Select(line => line[15..]));
        Assert.Equal(" two", LinesOf(1)[1][15..]);
    }

    [Fact]
    public void What_does_not_fit_while_the_disk_is_slow_is_dropped_and_counted_where_it_is_missing()
    {
        var line = new string('x', 983);
        var fitting = SessionLog.MaximumWaitingBytes / 1000;
        using var log = Open();
        for (var number = 0; number < fitting + 7; number++)
        {
            log.WriteLine(0, line);
        }

        RunWriter();
        log.WriteLine(0, "after");
        RunWriter();

        var lines = LinesOf(0);
        Assert.Equal(1 + fitting + 2, lines.Length);
        Assert.Equal("# 7 lines are missing here", lines[^2]);
        Assert.EndsWith(" after", lines[^1]);
    }

    [Fact]
    public void All_logs_together_are_bounded_too()
    {
        var line = new string('x', 983);
        var logs = Enumerable.Range(0, 20).Select(_ => Open()).ToArray();
        foreach (var log in logs)
        {
            for (var number = 0; number < 4000; number++)
            {
                log.WriteLine(0, line);
            }
        }

        RunWriter();
        var lines = Files().Sum(file => File.ReadLines(file).Count(text => text.EndsWith('x')));
        Assert.Equal(64 * 1024 * 1024 / 1000, lines);
        Assert.Contains(Files(), file => File.ReadLines(file).Last().EndsWith("lines are missing here", StringComparison.Ordinal));

        // And what has been written makes room again.
        logs[^1].WriteLine(0, "after");
        RunWriter();
        Assert.Contains(Files(), file => File.ReadLines(file).Last().EndsWith(" after", StringComparison.Ordinal));
        Array.ForEach(logs, log => log.Dispose());
    }

    [Fact]
    public void A_connection_that_logs_nothing_leaves_no_file_and_one_that_ends_leaves_all_its_lines()
    {
        Open().Dispose();
        var log = Open();
        log.WriteLine(0, "last words");
        log.Dispose();
        log.WriteLine(0, "too late");
        log.Dispose();

        RunWriter();

        Assert.Single(Files());
        Assert.Equal(2, LinesOf(0).Length);
    }

    [Fact]
    public void A_name_is_made_of_the_frontends_letters_and_nothing_of_the_peers()
    {
        using var log = _logs.Open(_directory.FullName, new FilterConnection(3, "../web frontend", new IPEndPoint(IPAddress.IPv6Loopback, 1), null));
        log.WriteLine(0, "x");
        RunWriter();

        Assert.StartsWith("---web-frontend-", Path.GetFileName(Assert.Single(Files())));
    }

    [Fact]
    public async Task Who_waits_for_the_writer_waits_for_what_was_given_before()
    {
        using var log = Open();
        log.WriteLine(0, "x");
        var idle = _logs.WhenIdle(TimeSpan.FromMinutes(1));
        Assert.False(idle.IsCompleted);

        RunWriter();

        await idle;
        await _logs.WhenIdle(TimeSpan.FromMinutes(1));
    }

    private IFilterLog Open() =>
        _logs.Open(_directory.FullName, new FilterConnection(1, "web", IPEndPoint.Parse("192.0.2.1:1000"), IPEndPoint.Parse("192.0.2.2:80")));

    private void RunWriter()
    {
        while (_work.TryDequeue(out var work))
        {
            work.Execute();
        }
    }

    private string[] Files() => [.. Directory.GetFiles(_directory.FullName).Order(StringComparer.Ordinal)];

    private string[] LinesOf(int file)
    {
        using var stream = new FileStream(Files()[file], FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

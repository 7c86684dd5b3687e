namespace Proxy.Node.Reloading;

/// <summary>
/// Looks at files about once a second, and tells when they have changed and then stayed the same for a whole interval: who writes several of them
/// is told once. It asks what to look at each time, as other files may be included by then.
/// </summary>
internal sealed class FileWatch : IAsyncDisposable
{
    private readonly Func<IReadOnlyList<string>> _files;
    private readonly Func<string, Task> _changed;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _watching;

    /// <param name="known">How the files were when they were read.</param>
    /// <param name="files">What to look at.</param>
    /// <param name="changed">Told the name of a file that is different.</param>
    public FileWatch(FileMarks known, Func<IReadOnlyList<string>> files, Func<string, Task> changed, TimeSpan interval)
    {
        (_files, _changed) = (files, changed);
        _watching = Task.Run(() => WatchAsync(known, interval));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
        _stopping.Dispose();
    }

    private async Task WatchAsync(FileMarks known, TimeSpan interval)
    {
        using var timer = new PeriodicTimer(interval);
        var last = known;
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                var now = FileMarks.Of(_files());
                if (now.Equals(known))
                {
                    last = now;
                    continue;
                }

                if (!now.Equals(last))
                {
                    last = now;
                    continue;
                }

                await _changed(now.FirstDifference(known));

                // The files that are included may be others now; what changed since it was read is a change like any other.
                known = Merge(now);
                last = known;
            }
        }
        catch (OperationCanceledException)
        {
            // That is the end.
        }
    }

    private FileMarks Merge(FileMarks read)
    {
        var now = FileMarks.Of(_files());
        return now.HasSamePathsAs(read) ? read : now;
    }
}

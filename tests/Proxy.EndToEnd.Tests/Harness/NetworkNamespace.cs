using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>
/// A network of the test's own, with addresses, routes and filters that nobody else sees. It has no name and no file: it is gone with the last process
/// and the last descriptor in it, however the test ends.
/// </summary>
internal sealed partial class NetworkNamespace : IDisposable
{
    private const int NewNetwork = 0x40000000; // CLONE_NEWNET

    private readonly SafeFileHandle _handle;

    private NetworkNamespace(SafeFileHandle handle)
    {
        _handle = handle;
    }

    /// <summary>Where ip(8) and nsenter(1) find it.</summary>
    public string Path => $"/proc/{Environment.ProcessId}/fd/{_handle.DangerousGetHandle()}";

    /// <summary>A new one with nothing but 127.0.0.1. Where this process may not make any, the test is skipped.</summary>
    public static async Task<NetworkNamespace> CreateAsync()
    {
        var handle = OnThread(static () => Unshare(NewNetwork) == 0 ? File.OpenHandle("/proc/thread-self/ns/net") : null);
        Assert.SkipWhen(handle is null, "network namespaces need root");
        var created = new NetworkNamespace(handle);
        await created.ExecuteAsync("ip", "link", "set", "lo", "up");
        return created;
    }

    /// <summary>Runs a command in it, which has to succeed.</summary>
    public async Task ExecuteAsync(string program, params string[] arguments)
    {
        var result = await CommandResult.OfAsync(Executables.RequirePeer("nsenter"), Enter(Executables.RequirePeer(program), arguments));
        Assert.True(result.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {result.Errors}");
    }

    /// <summary>The arguments of nsenter(1) that make a program run in it.</summary>
    public string[] Enter(string program, params string[] arguments) => ["--net=" + Path, program, .. arguments];

    /// <summary>Runs <paramref name="work"/> on a thread in it: sockets stay in the namespace where they were made.</summary>
    public T Run<T>(Func<T> work) => OnThread(() => SetNamespace(_handle, NewNetwork) == 0
        ? work()
        : throw new Win32Exception(Marshal.GetLastPInvokeError()));

    public void Dispose() => _handle.Dispose();

    private static T OnThread<T>(Func<T> work)
    {
        var result = new TaskCompletionSource<T>();
        var thread = new Thread(() =>
        {
            try
            {
                result.SetResult(work());
            }
            catch (Exception failure)
            {
                result.SetException(failure);
            }
        });
        thread.Start();
        thread.Join();
        return result.Task.GetAwaiter().GetResult();
    }

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetNamespace(SafeFileHandle handle, int kind);
}

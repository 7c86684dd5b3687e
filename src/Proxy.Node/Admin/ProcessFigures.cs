using System.Diagnostics;

namespace Proxy.Node.Admin;

/// <summary>What the operating system says of this process.</summary>
internal sealed record ProcessFigures(double CpuSeconds, long ResidentBytes, int OpenDescriptors, double StartSeconds)
{
    public static ProcessFigures Read()
    {
        using var process = Process.GetCurrentProcess();
        var descriptors = OperatingSystem.IsLinux() ? Directory.GetFileSystemEntries("/proc/self/fd").Length : process.HandleCount;
        return new ProcessFigures(
            process.TotalProcessorTime.TotalSeconds,
            process.WorkingSet64,
            descriptors,
            new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeMilliseconds() / 1000.0);
    }
}

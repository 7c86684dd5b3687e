namespace Proxy.Transport.Epoll;

/// <summary>Asks Linux for RLIMIT_NOFILE, and raises it.</summary>
internal static unsafe class DescriptorLimits
{
    /// <summary>Null: the system says nothing.</summary>
    public static DescriptorLimit? Raise()
    {
        ResourceLimit limit;
        if (Libc.GetLimit(LinuxConstants.LimitOfOpenFiles, &limit) != 0)
        {
            return null;
        }

        var raised = limit with { Soft = limit.Hard };
        if (limit.Soft < limit.Hard && Libc.SetLimit(LinuxConstants.LimitOfOpenFiles, &raised) == 0)
        {
            limit = raised;
        }

        // "Without limit" is the largest number there is.
        return new DescriptorLimit((int)Math.Min(limit.Soft, int.MaxValue));
    }
}

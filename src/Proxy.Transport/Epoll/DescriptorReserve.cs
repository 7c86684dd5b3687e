namespace Proxy.Transport.Epoll;

/// <summary>
/// The last descriptors of the process, which accepting leaves to everybody else: who wants to know what is wrong still gets an answer at
/// the admin address. Linux gives the lowest number that is free, so a number tells how many are in use, and nothing has to be counted.
/// </summary>
internal sealed unsafe class DescriptorReserve(int firstReserved)
{
    /// <summary>What accepting says when the rest is not for it.</summary>
    public static readonly TransportFault Fault = new(TransportFaultKind.Exhausted, "No descriptors but the reserve");

    /// <summary>
    /// Keeps the last <paramref name="count"/> of those that the process may have; none where the system does not say how many that are.
    /// </summary>
    public static DescriptorReserve Keep(int count) => new((DescriptorLimit.Raise()?.Descriptors - count) ?? int.MaxValue);

    /// <summary>Whether nothing but the reserve was free when this descriptor was opened.</summary>
    public bool Has(int descriptor) => descriptor >= firstReserved;

    /// <summary>Whether nothing but the reserve is free now, and maybe not even that.</summary>
    public bool IsNext()
    {
        int next;
        fixed (byte* path = "/dev/null\0"u8)
        {
            next = Libc.Open(path, LinuxConstants.CloseOnExec);
        }

        if (next < 0)
        {
            return true;
        }

        Libc.Close(next);
        return Has(next);
    }
}

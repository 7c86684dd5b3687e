namespace Proxy.Transport;

/// <summary>
/// Which of several sockets of one address a datagram is for: one whose first byte is <see cref="Rule.FirstByte"/> for the socket with the
/// number that the big-endian u32 at <see cref="Rule.Offset"/> leaves when it is divided by <see cref="Sockets"/>; the sockets are counted in
/// the order in which they were opened. Any other datagram is for whichever the system likes, always the same for one sender.
/// </summary>
/// <param name="Sockets">How many there are.</param>
/// <param name="Rules">At most <see cref="MaximumRules"/>.</param>
public sealed record UdpSteering(int Sockets, IReadOnlyList<UdpSteering.Rule> Rules)
{
    /// <summary>More have no use, and what the kernel is given stays small.</summary>
    public const int MaximumRules = 8;

    public readonly record struct Rule(byte FirstByte, int Offset);
}

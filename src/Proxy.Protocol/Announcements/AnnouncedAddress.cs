namespace Proxy.Protocol.Announcements;

/// <summary>Where a member is reached.</summary>
/// <param name="Transport">0 kcp, 1 tcp, 2 tls; others are of later versions.</param>
/// <param name="Address">HOST:PORT as clients reach it.</param>
public readonly record struct AnnouncedAddress(byte Transport, string Address)
{
    public const byte Kcp = 0;
    public const byte Tcp = 1;
    public const byte Tls = 2;
}

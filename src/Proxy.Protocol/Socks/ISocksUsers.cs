namespace Proxy.Protocol.Socks;

/// <summary>Who may use a proxy that asks for a name and a password.</summary>
public interface ISocksUsers
{
    /// <summary>Whether that is one of them. Takes as long for a wrong name as for a wrong password.</summary>
    bool IsRight(ReadOnlySpan<byte> user, ReadOnlySpan<byte> password);
}

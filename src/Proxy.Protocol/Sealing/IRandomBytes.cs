namespace Proxy.Protocol.Sealing;

/// <summary>
/// Where unpredictable bytes come from: the system's generator in a program, fixed bytes in a test vector. Keys, cookies and tunnel ids are
/// made of it, so in production it has to be cryptographically strong.
/// </summary>
public interface IRandomBytes
{
    void Fill(Span<byte> target);
}

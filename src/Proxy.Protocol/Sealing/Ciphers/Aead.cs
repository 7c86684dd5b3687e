namespace Proxy.Protocol.Sealing.Ciphers;

/// <summary>The sizes that all ciphers of the dialect share.</summary>
public static class Aead
{
    public const int KeyBytes = 32;

    public const int NonceBytes = 12;

    public const int TagBytes = 16;
}

using System.Security.Cryptography;
using Proxy.Protocol.Sealing;

namespace Proxy.Node.Hosting;

/// <summary>The system's generator. Thread-safe.</summary>
internal sealed class SystemRandomBytes : IRandomBytes
{
    public static readonly SystemRandomBytes Instance = new();

    public void Fill(Span<byte> target) => RandomNumberGenerator.Fill(target);
}

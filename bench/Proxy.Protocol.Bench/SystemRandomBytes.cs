using System.Security.Cryptography;
using Proxy.Protocol.Sealing;

namespace Proxy.Protocol.Bench;

internal sealed class SystemRandomBytes : IRandomBytes
{
    public void Fill(Span<byte> target) => RandomNumberGenerator.Fill(target);
}

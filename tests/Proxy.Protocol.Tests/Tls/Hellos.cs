using System.Buffers.Binary;
using System.Net.Security;
using System.Security.Authentication;

namespace Proxy.Protocol.Tests.Tls;

/// <summary>ClientHellos: real ones, as the system's TLS library makes them, and hand-made ones.</summary>
internal static class Hellos
{
    /// <summary>What a client writes first when it meets silence.</summary>
    public static byte[] Real(string? serverName, SslProtocols versions, params string[] protocols)
    {
        using var wire = new SilentStream();
        using var client = new SslStream(wire);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            EnabledSslProtocols = versions,
            ApplicationProtocols = protocols.Length == 0 ? null : [.. protocols.Select(protocol => new SslApplicationProtocol(protocol))],
        };
        Assert.ThrowsAny<Exception>(() => client.AuthenticateAsClient(options));
        return wire.Written.ToArray();
    }

    /// <summary>A hello in one record with these extensions, each from <see cref="Extension"/>.</summary>
    public static byte[] Made(params byte[][] extensions)
    {
        var all = Bytes.Join(extensions);
        return Record(Message(Bytes.Join(Body, Length16(all.Length), all)));
    }

    /// <summary>A body up to where the extensions begin.</summary>
    public static byte[] Body { get; } = Bytes.Join(Bytes.FromHex("0303"), new byte[32], Bytes.FromHex("00 0002 1301 01 00"));

    public static byte[] Extension(ushort type, string hex)
    {
        var content = Bytes.FromHex(hex);
        return Bytes.Join(Length16(type), Length16(content.Length), content);
    }

    public static byte[] Message(byte[] body) => Bytes.Join([1, (byte)(body.Length >> 16)], Length16(body.Length & 0xFFFF), body);

    /// <summary>The message in records of at most <paramref name="partBytes"/> each.</summary>
    public static byte[] Record(byte[] message, int partBytes = 16384) => Records(message, () => partBytes);

    public static byte[] Records(byte[] message, Func<int> nextPartBytes)
    {
        var records = new List<byte[]>();
        for (var offset = 0; offset < message.Length;)
        {
            var part = message.AsSpan(offset, Math.Min(nextPartBytes(), message.Length - offset)).ToArray();
            records.Add(Bytes.Join([22, 3, 1], Length16(part.Length), part));
            offset += part.Length;
        }

        return Bytes.Join([.. records]);
    }

    /// <summary>The message of a hello that lies in one record.</summary>
    public static byte[] Unwrap(byte[] hello) => hello.AsSpan(5, BinaryPrimitives.ReadUInt16BigEndian(hello.AsSpan(3))).ToArray();

    private static byte[] Length16(int value) => [(byte)(value >> 8), (byte)value];

    /// <summary>Keeps what is written and has nothing to read.</summary>
    private sealed class SilentStream : Stream
    {
        public MemoryStream Written { get; } = new();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
            // Nothing is held back.
        }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Written.Write(buffer, offset, count);
    }
}

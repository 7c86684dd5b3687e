using System.Buffers.Binary;
using System.Text;

namespace Proxy.Protocol.ProxyProtocol;

/// <summary>What the client presented in its TLS session with the sender. Several can be set.</summary>
[Flags]
public enum ProxyTlsClient : byte
{
    None = 0,

    /// <summary>It came over TLS.</summary>
    Tls = 1,

    /// <summary>It showed a certificate over this connection.</summary>
    CertificateInConnection = 2,

    /// <summary>It showed a certificate in this session, perhaps over an earlier connection.</summary>
    CertificateInSession = 4,
}

/// <summary>
/// The TLS session between the client and the sender of a PROXY header (proxy-protocol.txt, 2.2.6):
/// <code>
/// | client (8 bits) | verify (32 bits) | fields... |
/// </code>
/// </summary>
public sealed class ProxyTls
{
    private const int FixedBytes = 5;
    private const byte VersionType = 0x21;
    private const byte CommonNameType = 0x22;
    private const byte CipherType = 0x23;
    private const byte SignatureAlgorithmType = 0x24;
    private const byte KeyAlgorithmType = 0x25;
    private const int NamedTypes = KeyAlgorithmType - VersionType + 1;

    public ProxyTlsClient Client { get; init; }

    /// <summary>0 when the client showed a certificate that was verified.</summary>
    public uint VerifyResult { get; init; }

    /// <summary>Such as "TLSv1.3".</summary>
    public string? Version { get; init; }

    /// <summary>Of the client's certificate.</summary>
    public string? CommonName { get; init; }

    public string? Cipher { get; init; }

    /// <summary>How the certificate that the sender presented was signed.</summary>
    public string? SignatureAlgorithm { get; init; }

    /// <summary>The key of the certificate that the sender presented.</summary>
    public string? KeyAlgorithm { get; init; }

    /// <summary>The fields of other types, in their order.</summary>
    public IReadOnlyList<ProxyTlv> Others { get; init; } = [];

    internal int LengthBytes => FixedBytes
        + ProxyFields.TextBytes(Version, Encoding.UTF8)
        + ProxyFields.TextBytes(CommonName, Encoding.UTF8)
        + ProxyFields.TextBytes(Cipher, Encoding.UTF8)
        + ProxyFields.TextBytes(SignatureAlgorithm, Encoding.UTF8)
        + ProxyFields.TextBytes(KeyAlgorithm, Encoding.UTF8)
        + Others.Sum(tlv => ProxyTlv.HeaderBytes + tlv.Value.Length);

    internal int Write(Span<byte> target)
    {
        target[0] = (byte)Client;
        BinaryPrimitives.WriteUInt32BigEndian(target[1..], VerifyResult);
        var offset = FixedBytes;
        offset += ProxyFields.WriteText(target[offset..], VersionType, Version, Encoding.UTF8);
        offset += ProxyFields.WriteText(target[offset..], CommonNameType, CommonName, Encoding.UTF8);
        offset += ProxyFields.WriteText(target[offset..], CipherType, Cipher, Encoding.UTF8);
        offset += ProxyFields.WriteText(target[offset..], SignatureAlgorithmType, SignatureAlgorithm, Encoding.UTF8);
        offset += ProxyFields.WriteText(target[offset..], KeyAlgorithmType, KeyAlgorithm, Encoding.UTF8);
        foreach (var field in Others)
        {
            offset += ProxyTlv.Write(target[offset..], field.Type, field.Value.Span);
        }

        return offset;
    }

    /// <summary>Reads all of <paramref name="source"/>, the field's value.</summary>
    internal static ProxyRule TryRead(ReadOnlySpan<byte> source, out ProxyTls? tls)
    {
        tls = null;
        if (source.Length < FixedBytes)
        {
            return ProxyRule.BadField;
        }

        var texts = new string?[NamedTypes];
        var others = new List<ProxyTlv>();
        var count = 0;
        for (var rest = source[FixedBytes..]; !rest.IsEmpty; count++)
        {
            if (count == ProtocolLimits.ProxyFields)
            {
                return ProxyRule.TooManyFields;
            }

            if (!ProxyTlv.TryTake(ref rest, out var type, out var value))
            {
                return ProxyRule.FieldCut;
            }

            if (type is < VersionType or > KeyAlgorithmType)
            {
                others.Add(new ProxyTlv(type, value.ToArray()));
                continue;
            }

            ref var text = ref texts[type - VersionType];
            if (text is not null)
            {
                return ProxyRule.FieldRepeated;
            }

            text = ProxyFields.ReadText(value);
            if (text is null)
            {
                return ProxyRule.BadField;
            }
        }

        tls = new ProxyTls
        {
            Client = (ProxyTlsClient)source[0],
            VerifyResult = BinaryPrimitives.ReadUInt32BigEndian(source[1..]),
            Version = texts[0],
            CommonName = texts[1],
            Cipher = texts[2],
            SignatureAlgorithm = texts[3],
            KeyAlgorithm = texts[4],
            Others = others,
        };
        return ProxyRule.None;
    }
}

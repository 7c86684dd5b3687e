using Proxy.Actors;
using Proxy.Node.Hosting;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Node.Commands;

/// <summary>
/// A hop of a chain as the command line names it: <c>chain://HOST:PORT[?key-file=[NAME=]FILE]</c>; <c>chain+udp://</c> where it takes datagrams.
/// </summary>
/// <param name="HostAndPort">Not looked at yet.</param>
/// <param name="Key">Null: none was named.</param>
internal sealed record ChainUrl(string HostAndPort, PresharedKey? Key, bool IsUdp = false)
{
    public const string Scheme = "chain://";

    public const string UdpScheme = "chain+udp://";

    private const string KeyFileField = "key-file=";

    public static bool IsOne(string url) => url.StartsWith(Scheme, StringComparison.Ordinal) || url.StartsWith(UdpScheme, StringComparison.Ordinal);

    public static ChainUrl Read(string url, string option)
    {
        if (!IsOne(url))
        {
            throw new UsageException($"{option} '{url}': {Scheme}HOST:PORT or {Scheme}HOST:PORT?key-file=FILE is expected");
        }

        var isUdp = url.StartsWith(UdpScheme, StringComparison.Ordinal);
        var rest = url[(isUdp ? UdpScheme : Scheme).Length..];
        var question = rest.IndexOf('?', StringComparison.Ordinal);
        if (question < 0)
        {
            return new ChainUrl(rest, null, isUdp);
        }

        var field = rest[(question + 1)..];
        if (!field.StartsWith(KeyFileField, StringComparison.Ordinal) || field.Length == KeyFileField.Length)
        {
            throw new UsageException($"{option} '{url}': behind the question mark {KeyFileField}FILE is expected");
        }

        try
        {
            return new ChainUrl(rest[..question], KeySource.ReadAll([field[KeyFileField.Length..]], null)[0], isUdp);
        }
        catch (KeyFileException failure)
        {
            throw new ConfigurationException($"{option} {url[..url.IndexOf('?', StringComparison.Ordinal)]}: {failure.Message}");
        }
    }
}

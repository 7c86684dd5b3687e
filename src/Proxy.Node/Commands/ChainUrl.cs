using Proxy.Actors;
using Proxy.Node.Hosting;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Node.Commands;

/// <summary>A hop of a chain as the command line names it: <c>chain://HOST:PORT[?key-file=[NAME=]FILE]</c>.</summary>
/// <param name="HostAndPort">Not looked at yet.</param>
/// <param name="Key">Null: none was named.</param>
internal sealed record ChainUrl(string HostAndPort, PresharedKey? Key)
{
    public const string Scheme = "chain://";

    private const string KeyFileField = "key-file=";

    public static bool IsOne(string url) => url.StartsWith(Scheme, StringComparison.Ordinal);

    public static ChainUrl Read(string url, string option)
    {
        if (!IsOne(url))
        {
            throw new UsageException($"{option} '{url}': {Scheme}HOST:PORT or {Scheme}HOST:PORT?key-file=FILE is expected");
        }

        var rest = url[Scheme.Length..];
        var question = rest.IndexOf('?', StringComparison.Ordinal);
        if (question < 0)
        {
            return new ChainUrl(rest, null);
        }

        var field = rest[(question + 1)..];
        if (!field.StartsWith(KeyFileField, StringComparison.Ordinal) || field.Length == KeyFileField.Length)
        {
            throw new UsageException($"{option} '{url}': behind the question mark {KeyFileField}FILE is expected");
        }

        try
        {
            return new ChainUrl(rest[..question], KeySource.ReadAll([field[KeyFileField.Length..]], null)[0]);
        }
        catch (KeyFileException failure)
        {
            throw new ConfigurationException($"{option} {Scheme}{rest[..question]}: {failure.Message}");
        }
    }
}

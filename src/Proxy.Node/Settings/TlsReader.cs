using Proxy.Actors;
using Proxy.Transport.Tls;

namespace Proxy.Node.Settings;

/// <summary>TLS of those who come: certificates, and whom they have to be.</summary>
internal static class TlsReader
{
    /// <returns>Without certificates where TLS does not end here.</returns>
    public static TlsTerminationSettings Read(SettingsObject tls, TlsTerminationSettings missing, SettingsReading reading) => !tls.IsThere ? missing : missing with
    {
        Certificates = tls.Find("certificates") is { } files ? [.. files.List().Select(file => ReadFile(file, reading)).OfType<CertificateFile>()] : missing.Certificates,
        ReloadInterval = tls.Duration("reload", missing.ReloadInterval),
    };

    /// <summary>The same with what is asked of the clients.</summary>
    public static TlsTerminationSettings ReadFrontend(SettingsObject tls, TlsTerminationSettings missing, SettingsReading reading) => !tls.IsThere ? missing : Read(tls, missing, reading) with
    {
        ApplicationProtocols = tls.Find("alpn") is { } protocols ? Protocols(protocols) : missing.ApplicationProtocols,
        ClientAuthoritiesPath = tls.Optional("client-ca", missing.ClientAuthoritiesPath, value => value.File()),
        IsClientCertificateRequired = tls.Choice("client-auth", missing.IsClientCertificateRequired, ("required", true), ("optional", false)),
    };

    /// <summary>Reads the files; null: there are none, or they are wrong, which <paramref name="place"/> is told.</summary>
    public static TlsTermination? Build(TlsTerminationSettings settings, SettingsObject place, SettingsReading reading)
    {
        if (settings.Certificates.Count == 0)
        {
            return null;
        }

        if (settings.ClientAuthoritiesPath is { } authorities)
        {
            reading.AddFile(authorities);
        }

        return Reading(place, () => TlsTermination.Read(settings));
    }

    public static string[] Protocols(SettingsValue protocols)
    {
        var names = protocols.Texts();
        if (names.Any(name => name.Length is 0 or > 255 || name.AsSpan().ContainsAnyExceptInRange('!', '~')))
        {
            protocols.Wrong("names of protocols are expected", "such as [h2, \"http/1.1\"]");
        }

        return [.. names];
    }

    /// <summary>What reads certificates, or null with an error at <paramref name="place"/>.</summary>
    public static T? Reading<T>(SettingsObject place, Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (CertificateFileException wrong)
        {
            place.Wrong(wrong.Message);
            return null;
        }
    }

    private static CertificateFile? ReadFile(SettingsValue file, SettingsReading reading)
    {
        string? path;
        string? key = null;
        if (file.Value is Hocon.HoconScalar)
        {
            path = file.File();
        }
        else
        {
            var both = file.AsObject();
            path = both.Find("file")?.File();
            key = both.Optional("key", missing: null, value => value.File());
            if (both.IsThere && path is null)
            {
                both.Wrong("a certificate without its file", "{ file = \"…\", key = \"…\" }");
            }
        }

        if (path is null)
        {
            return null;
        }

        reading.AddFile(path);
        if (key is not null)
        {
            reading.AddFile(key);
        }

        return new CertificateFile(path, key);
    }
}

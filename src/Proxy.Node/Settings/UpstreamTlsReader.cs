using Proxy.Actors;
using Proxy.Transport.Tls;

namespace Proxy.Node.Settings;

/// <summary>TLS with servers, as far as it was read; its files are not.</summary>
internal sealed record UpstreamTlsDraft
{
    public static readonly UpstreamTlsDraft Default = new();

    public bool IsEnabled { get; init; }

    public string? Authorities { get; init; }

    public string? Name { get; init; }

    public string? Certificate { get; init; }

    public string? Key { get; init; }

    public IReadOnlyList<string> Protocols { get; init; } = [];

    public bool IsInsecure { get; init; }
}

internal static class UpstreamTlsReader
{
    public static UpstreamTlsDraft Read(SettingsObject tls, UpstreamTlsDraft missing)
    {
        if (!tls.IsThere)
        {
            return missing;
        }

        var isEnabled = tls.Switch("enabled", missing.IsEnabled);
        if (!isEnabled && tls.Keys.Any() && !tls.Keys.Contains("enabled"))
        {
            tls.Wrong("TLS is off, so nothing in here has an effect", "set enabled = on");
        }

        return new UpstreamTlsDraft
        {
            IsEnabled = isEnabled,
            Authorities = tls.Optional("ca", missing.Authorities, value => value.File()),
            Name = tls.Optional("name", missing.Name, value => value.Text()),
            Certificate = tls.Optional("certificate", missing.Certificate, value => value.File()),
            Key = tls.Optional("key", missing.Key, value => value.File()),
            Protocols = tls.Find("alpn") is { } protocols ? TlsReader.Protocols(protocols) : missing.Protocols,
            IsInsecure = tls.Switch("insecure", missing.IsInsecure),
        };
    }

    public static UpstreamTlsSettings? Build(UpstreamTlsDraft draft, SettingsObject place, SettingsReading reading)
    {
        if (!draft.IsEnabled)
        {
            return null;
        }

        if (draft is { IsInsecure: true, Authorities: not null })
        {
            place.Inside("tls").WrongAt("insecure", "tls.insecure verifies nothing, and tls.ca says how to", "take one of them");
        }

        if (draft is { Key: not null, Certificate: null })
        {
            place.Inside("tls").WrongAt("key", "tls.key is the key of no certificate", "set tls.certificate, or remove tls.key");
        }

        foreach (var file in new[] { draft.Certificate, draft.Key }.OfType<string>())
        {
            reading.AddFile(file);
        }

        return new UpstreamTlsSettings
        {
            ServerName = draft.Name,
            Client = new TlsClientSettings
            {
                Authorities = ReadAuthorities(draft.Authorities, place, reading),
                Certificate = draft.Certificate is { } path
                    ? TlsReader.Reading(place, () => UpstreamTlsSettings.ReadCertificate(new CertificateFile(path, draft.Key)))
                    : null,
                ApplicationProtocols = draft.Protocols,
                IsUnverified = draft.IsInsecure,
            },
        };
    }

    public static System.Security.Cryptography.X509Certificates.X509Certificate2Collection? ReadAuthorities(string? path, SettingsObject place, SettingsReading reading)
    {
        if (path is null)
        {
            return null;
        }

        reading.AddFile(path);
        return TlsReader.Reading(place, () => UpstreamTlsSettings.ReadAuthorities(path));
    }
}

using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Transport.Tls;

namespace Proxy.Actors;

/// <summary>Whether two settings mean the same, where they hold lists, keys or certificates and so do not compare by themselves.</summary>
internal static class SameSettings
{
    public static bool Lists<T>(IReadOnlyList<T> left, IReadOnlyList<T> right) => left.SequenceEqual(right);

    public static bool Targets(FrontendTarget left, FrontendTarget right) => (left, right) switch
    {
        (UpstreamTarget one, UpstreamTarget other) => one with { Routes = other.Routes } == other && Lists(one.Routes, other.Routes),
        _ => left == right,
    };

    /// <summary>
    /// Whether the listener may stay where it is: one of datagrams lives on the loop of what carries them. Two that take no datagrams always may.
    /// </summary>
    public static bool Carriers(FrontendSettings left, FrontendSettings right) => !left.IsUdp || !right.IsUdp || (left.To, right.To) switch
    {
        (TunnelTarget one, TunnelTarget other) => one.Tunnel == other.Tunnel,
        (UpstreamTarget, UpstreamTarget) => true,
        (ChainTarget or RoutedTarget, ChainTarget or RoutedTarget) => true,
        _ => false,
    };

    /// <summary>Filters are the same if they were made from the same; those of unknown origin only if they are the same objects.</summary>
    public static bool Filters(FrontendSettings left, FrontendSettings right) =>
        left.Filters.Count > 0 && left.FilterTexts.Count == left.Filters.Count && right.FilterTexts.Count == right.Filters.Count
            ? Lists(left.FilterTexts, right.FilterTexts)
            : Lists(left.Filters, right.Filters);

    /// <summary>The same files with the same in them, as far as each has looked.</summary>
    public static bool Terminations(TlsTermination? left, TlsTermination? right)
    {
        if (left is null || right is null || ReferenceEquals(left, right))
        {
            return ReferenceEquals(left, right);
        }

        var (one, other) = (left.Settings, right.Settings);
        return left.Current.Digest.AsSpan().SequenceEqual(right.Current.Digest)
            && Lists(one.Certificates, other.Certificates)
            && Lists(one.ApplicationProtocols, other.ApplicationProtocols)
            && one with { Certificates = other.Certificates, ApplicationProtocols = other.ApplicationProtocols } == other;
    }

    public static bool UpstreamTls(UpstreamTlsSettings? left, UpstreamTlsSettings? right)
    {
        if (left is null || right is null || ReferenceEquals(left, right))
        {
            return ReferenceEquals(left, right);
        }

        var (one, other) = (left.Client, right.Client);
        return left with { Client = other } == right
            && one with { Authorities = other.Authorities, Certificate = other.Certificate, ApplicationProtocols = other.ApplicationProtocols } == other
            && Lists(one.ApplicationProtocols, other.ApplicationProtocols)
            && Certificates(one.Authorities, other.Authorities)
            && Contexts(one.Certificate, other.Certificate);
    }

    public static bool Keys(KeyRing left, KeyRing right) =>
        left.Keys.Count == right.Keys.Count && left.Keys.All(key => right.Keys.Any(key.IsSameAs));

    public static bool Secrets(SecretBytes? left, SecretBytes? right) =>
        left is null || right is null ? ReferenceEquals(left, right) : CryptographicOperations.FixedTimeEquals(left.Span, right.Span);

    public static bool Clients(NativeClientSettings? left, NativeClientSettings? right) => left is null || right is null
        ? ReferenceEquals(left, right)
        : left.Key.IsSameAs(right.Key) && left.ServerKey.Span.SequenceEqual(right.ServerKey.Span) && left.Tunnel == right.Tunnel && left.Session == right.Session;

    public static bool Principals(IReadOnlyDictionary<string, PrincipalSettings> left, IReadOnlyDictionary<string, PrincipalSettings> right) =>
        left.Count == right.Count && left.All(one => right.TryGetValue(one.Key, out var other) && one.Value == other);

    public static bool Servers(IReadOnlyList<TunnelServer> left, IReadOnlyList<TunnelServer> right) =>
        left.Count == right.Count && left.Zip(right).All(pair => Lists(pair.First.Addresses, pair.Second.Addresses));

    public static bool ChainServers(IReadOnlyList<ChainServerSettings> left, IReadOnlyList<ChainServerSettings> right) =>
        left.Count == right.Count && left.Zip(right).All(pair =>
            pair.First with { Keys = pair.Second.Keys } == pair.Second
            && pair.First.Keys.Count == pair.Second.Keys.Count && pair.First.Keys.All(key => pair.Second.Keys.Any(key.IsSameAs)));

    public static bool Chains(IReadOnlyList<ChainSettings> left, IReadOnlyList<ChainSettings> right) =>
        left.Count == right.Count && left.Zip(right).All(SameChain);

    private static bool SameChain((ChainSettings First, ChainSettings Second) pair) =>
        pair.First with { Hops = pair.Second.Hops } == pair.Second
        && pair.First.Hops.Count == pair.Second.Hops.Count && pair.First.Hops.Zip(pair.Second.Hops).All(hops =>
            hops.First.Address == hops.Second.Address
            && (hops.First.Key is { } key ? hops.Second.Key is { } other && key.IsSameAs(other) : hops.Second.Key is null));

    private static bool Certificates(X509Certificate2Collection? left, X509Certificate2Collection? right) => left is null || right is null
        ? ReferenceEquals(left, right)
        : left.Count == right.Count && left.Zip(right).All(pair => pair.First.RawDataMemory.Span.SequenceEqual(pair.Second.RawDataMemory.Span));

    private static bool Contexts(SslStreamCertificateContext? left, SslStreamCertificateContext? right) => left is null || right is null
        ? ReferenceEquals(left, right)
        : left.TargetCertificate.RawDataMemory.Span.SequenceEqual(right.TargetCertificate.RawDataMemory.Span)
            && Certificates([.. left.IntermediateCertificates], [.. right.IntermediateCertificates]);
}

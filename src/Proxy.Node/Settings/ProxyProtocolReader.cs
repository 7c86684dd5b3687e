using Proxy.Actors;
using Proxy.Policy.Rules;

namespace Proxy.Node.Settings;

/// <summary>PROXY headers, in and out.</summary>
internal sealed record ProxyHeaderSettings
{
    public static readonly ProxyHeaderSettings Default = new();

    public bool IsIn { get; init; }

    /// <summary>Null: this machine.</summary>
    public CidrSet? Trusted { get; init; }

    public ProxyHeaderVersion? Out { get; init; }

    public ProxyProtocolSettings Build() => new() { TrustedSenders = IsIn ? Trusted ?? ThisMachine.Networks : null, Out = Out };

    // Made only where somebody needs it: arithmetic with 128 bits is not compiled ahead, which is a tenth of a start.
    private static class ThisMachine
    {
        public static readonly CidrSet Networks = new CidrSetBuilder().Add("127.0.0.0/8", "this machine", 1).Add("::1", "this machine", 1).Build();
    }
}

internal static class ProxyProtocolReader
{
    public static ProxyHeaderSettings Read(SettingsObject headers, ProxyHeaderSettings missing) => !headers.IsThere ? missing : new ProxyHeaderSettings
    {
        IsIn = headers.Switch("in", missing.IsIn),
        Trusted = headers.Find("trusted") is { } trusted ? Networks(trusted) : missing.Trusted,
        Out = ReadOut(headers, missing.Out),
    };

    public static ProxyHeaderVersion? ReadOut(SettingsObject headers, ProxyHeaderVersion? missing) =>
        headers.Choice("out", (int)(missing ?? default), ("off", Off), ("v1", (int)ProxyHeaderVersion.V1), ("v2", (int)ProxyHeaderVersion.V2)) is var version and not Off
            ? (ProxyHeaderVersion)version
            : null;

    private static CidrSet? Networks(SettingsValue networks)
    {
        if (networks.IsReference)
        {
            return ProxyHeaderSettings.Default.Trusted;
        }

        var builder = new CidrSetBuilder();
        foreach (var network in networks.List())
        {
            var before = builder.Errors.Count;
            if (network.Text() is { } text && builder.Add(text, "trusted", line: 1).Errors.Count > before)
            {
                network.Wrong(builder.Errors[^1].Message);
            }
        }

        return builder.Build();
    }

    private const int Off = 0;
}

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>What a tunnel speaks, and over what.</summary>
public enum Dialect
{
    Vproxy,
    Native,

    /// <summary>The native one over <c>tcp://</c>.</summary>
    NativeTcp,

    /// <summary>The native one over <c>tls://</c>.</summary>
    NativeTls,
}

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>What a tunnel speaks; the values of <c>--dialect</c>.</summary>
public enum Dialect
{
    Vproxy,
    Native,
}

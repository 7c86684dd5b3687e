namespace Proxy.Protocol.Http;

/// <summary>A field of a head. Names compare without regard to case; values are Latin-1, as they were on the wire, without space around them.</summary>
public readonly record struct HttpField(string Name, string Value)
{
    public bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}

namespace Proxy.Hocon;

/// <summary>What a resolved value is.</summary>
public enum HoconKind
{
    Null,
    Boolean,
    Number,
    String,
    List,
    Object,
}

namespace Proxy.Hocon;

/// <summary>
/// Null, a boolean, a number or a string. <see cref="Text"/> is what was written: a number keeps its form (<c>1.50</c>, <c>1e5</c>).
/// </summary>
public sealed class HoconScalar : HoconValue
{
    internal HoconScalar(HoconKind kind, string text, HoconOrigin origin)
        : base(origin)
    {
        Kind = kind;
        Text = text;
    }

    public override HoconKind Kind { get; }

    public string Text { get; }

    internal override long Size => NodeSize + Text.Length;

    internal override int Depth => 0;

    internal static HoconScalar String(string text, HoconOrigin origin) => new(HoconKind.String, text, origin);
}

namespace Proxy.Policy.Rules;

/// <summary>An entry of a list that can not be read: where it came from, as the caller named it, its line (from 1), and what is wrong.</summary>
public sealed record CidrError(string Source, int Line, string Message)
{
    public override string ToString() => $"{Source}:{Line}: {Message}";
}

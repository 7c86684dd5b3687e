namespace Proxy.Policy.Health;

/// <summary>What a check's dialogue wants next. After anything but <see cref="Continue"/> the connection is of no more use.</summary>
public abstract record CheckStep
{
    private CheckStep()
    {
    }

    /// <summary>Send these bytes, if any, and go on receiving.</summary>
    public sealed record Continue(ReadOnlyMemory<byte> ToSend) : CheckStep;

    public sealed record Passed : CheckStep;

    /// <summary>The server is not well; <paramref name="Reason"/> is one printable line of bounded length.</summary>
    public sealed record Failed(string Reason) : CheckStep;

    internal static Continue NeedMore { get; } = new(ReadOnlyMemory<byte>.Empty);

    internal static Passed Pass { get; } = new();
}

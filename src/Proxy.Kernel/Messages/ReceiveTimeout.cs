namespace Proxy.Kernel;

/// <summary>
/// Nothing came in for the time given to <c>Context.SetReceiveTimeout</c>; repeated at that interval until a message comes or it is cleared.
/// </summary>
public sealed class ReceiveTimeout
{
    private ReceiveTimeout()
    {
    }

    public static ReceiveTimeout Instance { get; } = new();

    public override string ToString() => "<ReceiveTimeout>";
}

/// <summary>Marks a message that does not count as activity for the receive timeout: ticks, statistics.</summary>
public interface INotInfluenceReceiveTimeout;

namespace Proxy.Transport.Relays;

/// <summary>How long a relay may do nothing. Zero (or less) turns a limit off.</summary>
public sealed record RelaySettings
{
    public static readonly RelaySettings Default = new();

    /// <summary>Time without a byte either way, while both directions are open.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Time without a byte moving once one direction has ended. A peer that is gone without a word is most often found here.</summary>
    public TimeSpan HalfCloseTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether packets are passed on as well; both channels have to be <see cref="IPacketChannel"/>s. Silence is a good end then.</summary>
    public bool CarriesPackets { get; init; }

    /// <summary>Time from the start to the end, whatever moves.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.Zero;
}

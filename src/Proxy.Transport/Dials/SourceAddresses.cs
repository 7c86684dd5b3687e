using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Dials;

/// <summary>
/// Which of this machine's addresses connections go out from: those of the destination's family in turn; where there is none of it, whichever the system
/// chooses. Any thread. Two with the same addresses are equal.
/// </summary>
public sealed class SourceAddresses : IEquatable<SourceAddresses>
{
    /// <summary>The system chooses.</summary>
    public static readonly SourceAddresses Any = new([]);

    private readonly IPAddress[] _all;
    private readonly IPAddress[] _ofIPv4;
    private readonly IPAddress[] _ofIPv6;
    private int _next;

    public SourceAddresses(IReadOnlyList<IPAddress> addresses)
    {
        _all = [.. addresses];
        _ofIPv4 = [.. addresses.Where(address => address.AddressFamily == AddressFamily.InterNetwork)];
        _ofIPv6 = [.. addresses.Where(address => address.AddressFamily == AddressFamily.InterNetworkV6)];
    }

    /// <summary>Null: the system chooses.</summary>
    public IPAddress? For(IPAddress destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var own = destination.AddressFamily == AddressFamily.InterNetwork || destination.IsIPv4MappedToIPv6 ? _ofIPv4 : _ofIPv6;
        return own.Length == 0 ? null : own[(int)((uint)Interlocked.Increment(ref _next) % own.Length)];
    }

    public bool Equals(SourceAddresses? other) => other is not null && _all.SequenceEqual(other._all);

    public override bool Equals(object? obj) => Equals(obj as SourceAddresses);

    public override int GetHashCode() => _all.Length == 0 ? 0 : _all[0].GetHashCode();

    public override string ToString() => _all.Length == 0 ? "any" : string.Join(", ", _all.AsEnumerable());
}

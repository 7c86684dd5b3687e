using System.Collections.Immutable;

namespace Proxy.Cluster.Members;

/// <summary>Where a member is in its life; it only goes forward.</summary>
public enum MemberState
{
    /// <summary>It is there but takes nothing yet.</summary>
    Joining,

    /// <summary>It takes new streams.</summary>
    Up,

    /// <summary>It takes nothing new; what runs may finish.</summary>
    Draining,

    /// <summary>It is about to be gone.</summary>
    Leaving,
}

/// <summary>Where a member is reached.</summary>
/// <param name="Transport"><c>kcp</c>, <c>tcp</c> or <c>tls</c>; unknown ones are of a later version and passed over.</param>
/// <param name="Address">HOST:PORT as others reach it.</param>
public sealed record MemberAddress(string Transport, string Address);

/// <summary>How busy a member was when it wrote its record.</summary>
/// <param name="Streams">Open streams and connections.</param>
/// <param name="BytesPerSecond">Both directions together.</param>
/// <param name="CpuPermille">Of the whole machine.</param>
/// <param name="Descriptors">File descriptors in use.</param>
public sealed record MemberLoad(long Streams, long BytesPerSecond, long CpuPermille, long Descriptors)
{
    public static readonly MemberLoad None = new(0, 0, 0, 0);

    /// <summary>Tunnels of clients that are up.</summary>
    public long Tunnels { get; init; }

    /// <summary>The sources that move most, the first ones first; at most <see cref="MemberRecord.MaximumTalkers"/>. They are written with the rest and make no difference.</summary>
    public ImmutableArray<MemberTalker> Talkers { get; init; } = [];

    /// <summary>Whether any part differs by a tenth of the larger, above what is noise.</summary>
    public bool DiffersByATenth(MemberLoad other) =>
        Differs(Streams, other.Streams, 10)
        || Differs(BytesPerSecond, other.BytesPerSecond, 1_000_000)
        || Differs(CpuPermille, other.CpuPermille, 50)
        || Differs(Descriptors, other.Descriptors, 50);

    private static bool Differs(long one, long other, long noise)
    {
        var difference = Math.Abs(one - other);
        return difference >= noise && difference >= Math.Max(one, other) / 10;
    }
}

/// <summary>A source of traffic at one member.</summary>
/// <param name="Name">Its address.</param>
/// <param name="Streams">Connections of it that live.</param>
/// <param name="BytesPerSecond">Both directions together.</param>
public sealed record MemberTalker(string Name, long Streams, long BytesPerSecond);

/// <summary>What a member says of itself. Immutable; compared by <see cref="HasSameFactsAs"/>, not by <c>==</c>.</summary>
public sealed record MemberRecord
{
    public const int MaximumTalkers = 5;

    /// <summary>Letters of a talker's name.</summary>
    public const int MaximumTalkerLength = 64;

    /// <summary>Unique in the cluster; letters, digits and <c>. _ - :</c>.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Who the member is beyond its name: the same after a restart, another for every other node. By it a node knows its former self's record.
    /// </summary>
    public required string Identity { get; init; }

    public ImmutableArray<MemberAddress> Addresses { get; init; } = [];

    /// <summary><c>server</c>, <c>relay</c>, <c>client</c>.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>Empty: none is given.</summary>
    public string Zone { get; init; } = "";

    public string Version { get; init; } = "";

    /// <summary>Streams and connections it takes at most, which is its weight too; 0: not said.</summary>
    public long Capacity { get; init; }

    public MemberLoad Load { get; init; } = MemberLoad.None;

    public MemberState State { get; init; }

    /// <summary>When the process started, in milliseconds of the Unix epoch by its own clock; of two of one identity the later stays.</summary>
    public long StartedAtMilliseconds { get; init; }

    /// <summary>Its own clock when it wrote this, in milliseconds of the Unix epoch.</summary>
    public long ClockMilliseconds { get; init; }

    /// <summary>Whether all but load and clock are the same.</summary>
    public bool HasSameFactsAs(MemberRecord other) =>
        Name == other.Name && Identity == other.Identity && Zone == other.Zone && Version == other.Version && Capacity == other.Capacity
        && State == other.State && StartedAtMilliseconds == other.StartedAtMilliseconds
        && Addresses.SequenceEqual(other.Addresses) && Roles.SequenceEqual(other.Roles);
}

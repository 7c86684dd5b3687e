using Proxy.Protocol.Sealing.Handshakes;

namespace Proxy.Actors;

/// <summary>What became of the hellos of one listener, by the names that status and metrics have for it.</summary>
internal static class HelloCounts
{
    public static IReadOnlyList<HelloCount> Of(ServerHandshake handshake) =>
        [.. Enum.GetValues<HelloOutcome>().Select(outcome => new HelloCount(NameOf(outcome), handshake.Count(outcome)))];

    private static string NameOf(HelloOutcome outcome) => outcome switch
    {
        HelloOutcome.Malformed => "malformed",
        HelloOutcome.UnknownKey => "unknown_key",
        HelloOutcome.NotAuthentic => "not_authentic",
        HelloOutcome.Senseless => "senseless",
        HelloOutcome.Retry => "retry",
        HelloOutcome.Replayed => "replayed",
        HelloOutcome.Repeated => "repeated",
        HelloOutcome.Busy => "busy",
        HelloOutcome.NothingInCommon => "nothing_in_common",
        _ => "accepted",
    };
}

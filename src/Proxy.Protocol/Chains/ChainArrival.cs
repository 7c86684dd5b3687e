namespace Proxy.Protocol.Chains;

/// <summary>What a <see cref="ChainGate"/> found at the front of a stream.</summary>
/// <param name="Request">Null: refused.</param>
/// <param name="ConsumedBytes">The header's length when there is a request. What follows belongs to the next hop.</param>
/// <param name="Answer">What the answer is written with, whether it is taken or refused.</param>
/// <param name="Principal">Whose key it was sealed with; null when it was open or is refused for its seal.</param>
/// <param name="Refusal">Not ok when it is refused.</param>
/// <param name="Text">Why, for the answer and the log.</param>
public sealed record ChainArrival(
    ChainRequest? Request, int ConsumedBytes, ChainAnswer Answer, string? Principal, ChainStatus Refusal = ChainStatus.Ok, string Text = "")
{
    internal static ChainArrival Refused(ChainStatus status, string text, ChainAnswer? answer = null, string? principal = null) =>
        new(null, 0, answer ?? ChainAnswer.Open(), principal, status, text);
}

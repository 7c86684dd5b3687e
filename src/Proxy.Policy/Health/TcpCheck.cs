namespace Proxy.Policy.Health;

/// <summary>A server that can be connected is well.</summary>
public sealed class TcpCheck : CheckKind
{
    public override ICheckDialogue CreateDialogue() => new Dialogue();

    public override bool Equals(object? obj) => obj is TcpCheck;

    public override int GetHashCode() => nameof(TcpCheck).GetHashCode(StringComparison.Ordinal);

    private sealed class Dialogue : ICheckDialogue
    {
        public CheckStep Begin() => CheckStep.Pass;

        public CheckStep HandleReceived(ReadOnlySpan<byte> bytes) => CheckStep.Pass;

        public CheckStep HandleEnd() => CheckStep.Pass;
    }
}

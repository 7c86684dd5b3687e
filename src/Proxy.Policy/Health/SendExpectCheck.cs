using System.Diagnostics.CodeAnalysis;

namespace Proxy.Policy.Health;

/// <summary>
/// Some bytes are sent (none: the server speaks first) and some are expected anywhere within the first so many of the answer (none: any byte
/// will do).
/// </summary>
public sealed class SendExpectCheck : CheckKind
{
    private SendExpectCheck(ReadOnlyMemory<byte> send, ReadOnlyMemory<byte> expect, int withinBytes)
    {
        Send = send;
        Expect = expect;
        WithinBytes = withinBytes;
    }

    public ReadOnlyMemory<byte> Send { get; }

    public ReadOnlyMemory<byte> Expect { get; }

    public int WithinBytes { get; }

    /// <summary>False: <paramref name="error"/> says what is wrong.</summary>
    public static bool TryCreate(
        ReadOnlyMemory<byte> send,
        ReadOnlyMemory<byte> expect,
        int withinBytes,
        [NotNullWhen(true)] out SendExpectCheck? check,
        out string error)
    {
        check = null;
        error = "";
        if (send.Length > MaximumSendBytes)
        {
            error = $"{send.Length} bytes to send are more than {MaximumSendBytes}";
        }
        else if (withinBytes is < 1 or > MaximumWithinBytes)
        {
            error = $"the answer is looked at for 1 to {MaximumWithinBytes} bytes, not {withinBytes}";
        }
        else if (expect.Length > withinBytes)
        {
            error = $"{expect.Length} expected bytes cannot lie within {withinBytes}";
        }
        else
        {
            check = new SendExpectCheck(send, expect, withinBytes);
        }

        return check is not null;
    }

    public override ICheckDialogue CreateDialogue() => new Dialogue(this);

    public override bool Equals(object? obj) =>
        obj is SendExpectCheck other && WithinBytes == other.WithinBytes && Send.Span.SequenceEqual(other.Send.Span) && Expect.Span.SequenceEqual(other.Expect.Span);

    public override int GetHashCode() => HashCode.Combine(WithinBytes, Send.Length, Expect.Length);

    /// <summary>Where the answer is looked at when nobody says how far.</summary>
    public const int DefaultWithinBytes = 4096;

    /// <summary>One answer is kept for each running check: with a thousand servers this is 16 MiB at the very worst.</summary>
    public const int MaximumWithinBytes = 16 * 1024;

    /// <summary>Fits any socket's send buffer, so that the owner sends it in one piece.</summary>
    public const int MaximumSendBytes = 4096;

    private sealed class Dialogue : ICheckDialogue
    {
        private readonly SendExpectCheck _check;
        private readonly BoundedAnswer _answer;

        public Dialogue(SendExpectCheck check)
        {
            _check = check;
            _answer = new BoundedAnswer(check.WithinBytes);
        }

        public CheckStep Begin() => new CheckStep.Continue(_check.Send);

        public CheckStep HandleReceived(ReadOnlySpan<byte> bytes)
        {
            // Only what may complete a match is searched again: what was there before, less one byte of the expected.
            var from = Math.Max(0, _answer.Bytes.Length - _check.Expect.Length + 1);
            _answer.Append(bytes);
            if (!bytes.IsEmpty && _answer.Bytes[Math.Min(from, _answer.Bytes.Length)..].IndexOf(_check.Expect.Span) >= 0)
            {
                return CheckStep.Pass;
            }

            return _answer.IsFull
                ? new CheckStep.Failed($"the expected text is not in the first {_check.WithinBytes} bytes, which begin {_answer.Excerpt()}")
                : CheckStep.NeedMore;
        }

        public CheckStep HandleEnd() => new CheckStep.Failed(
            _answer.Bytes.IsEmpty ? "closed without an answer" : $"closed after an answer without the expected text: {_answer.Excerpt()}");
    }
}

using System.Text;
using Proxy.Protocol.Socks;

namespace Proxy.Protocol.Tests.Socks;

/// <summary>What a client gets that sends these bytes, in pieces.</summary>
/// <param name="Answers">All that it is answered, one after the other.</param>
/// <param name="Left">What is left behind the request.</param>
internal sealed record Dialogue(SocksProgress Progress, SocksRule Rule, SocksRequest? Request, string Answers, int Left)
{
    public static readonly ISocksUsers Alice = new OneUser();

    public static Dialogue Of(string hex, ISocksUsers? users = null) => Of(Bytes.FromHex(hex), users, cuts: []);

    /// <param name="cuts">Where a piece ends and the next begins, in ascending order.</param>
    public static Dialogue Of(byte[] bytes, ISocksUsers? users, IEnumerable<int> cuts)
    {
        var dialogue = new SocksDialogue(users);
        var answers = new StringBuilder();
        var taken = 0;
        foreach (var end in cuts.Append(bytes.Length))
        {
            while (true)
            {
                var progress = dialogue.Read(bytes.AsSpan(taken, end - taken), out var consumed, out var answer);
                Assert.InRange(consumed, 0, end - taken);
                taken += consumed;
                answers.Append(Convert.ToHexString(answer));
                if (progress == SocksProgress.NeedMore)
                {
                    break;
                }

                if (progress != SocksProgress.Answered)
                {
                    return new Dialogue(progress, dialogue.BrokenRule, dialogue.Request, answers.ToString(), progress == SocksProgress.Requested ? bytes.Length - taken : 0);
                }
            }
        }

        return new Dialogue(SocksProgress.NeedMore, dialogue.BrokenRule, null, answers.ToString(), 0);
    }

    private sealed class OneUser : ISocksUsers
    {
        public bool IsRight(ReadOnlySpan<byte> user, ReadOnlySpan<byte> password) => user.SequenceEqual("alice"u8) && password.SequenceEqual("secret"u8);
    }
}

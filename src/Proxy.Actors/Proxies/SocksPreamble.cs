using System.Net;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Socks;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>Leads the dialogue with a SOCKS client up to its request. For the loop's thread only.</summary>
/// <param name="client">Where answers go.</param>
/// <param name="users">Null: nobody is asked who he is.</param>
internal sealed class SocksPreamble(IChannel client, ISocksUsers? users)
{
    private readonly SocksDialogue _dialogue = new(users);
    private int _taken;

    /// <summary>The request is there.</summary>
    internal sealed record Asked(SocksRequest Request, byte[] Unread);

    /// <summary>A rule is broken.</summary>
    /// <param name="Answer">To be sent before the end; may be empty.</param>
    internal sealed record Broken(SocksRule Rule, byte[] Answer);

    /// <summary>A <see cref="PreambleReader"/>.</summary>
    public object? Read(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var progress = _dialogue.Read(bytes[_taken..], out var consumed, out var answer);
            _taken += consumed;
            switch (progress)
            {
                case SocksProgress.NeedMore:
                    return null;
                case SocksProgress.Answered:
                    client.Send(answer);
                    break;
                case SocksProgress.Requested:
                    return new Asked(_dialogue.Request!, bytes[_taken..].ToArray());
                default:
                    return new Broken(_dialogue.BrokenRule, answer);
            }
        }
    }
}

/// <summary>How the request of a SOCKS client went, in its words. The address it goes out from is the far end's, and not told.</summary>
internal sealed class SocksAnswers(SocksRequest request) : IAskedAnswers
{
    private static readonly IPEndPoint Untold = new(IPAddress.Any, 0);

    public byte[] Granted() => Answer(SocksReply.Succeeded);

    public byte[] Refused(EndReason reason, string text) => Answer(ReplyOf(reason));

    public byte[] Answer(SocksReply reply) => Answer(reply, Untold);

    public byte[] Answer(SocksReply reply, IPEndPoint bound)
    {
        var answer = new byte[SocksRequest.MaxAnswerBytes];
        return answer[..request.WriteAnswer(answer, reply, bound)];
    }

    internal static SocksReply ReplyOf(EndReason reason) => reason switch
    {
        EndReason.Refused or EndReason.ResetByUpstream => SocksReply.ConnectionRefused,
        EndReason.Unreachable => SocksReply.NetworkUnreachable,
        EndReason.NameNotFound => SocksReply.HostUnreachable,
        EndReason.ConnectTimeout or EndReason.HandshakeTimeout => SocksReply.TimeToLiveExpired,
        EndReason.NotAllowed or EndReason.Loop => SocksReply.NotAllowed,
        _ => SocksReply.GeneralFailure,
    };
}

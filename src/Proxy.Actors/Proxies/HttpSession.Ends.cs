using Proxy.Kernel;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Http;

namespace Proxy.Actors;

// How it comes to an end, and one exchange.
internal sealed partial class HttpSession
{
    /// <summary>Between two requests, or in the middle of one's head.</summary>
    private void EndAtRest()
    {
        if (IsOver)
        {
            return;
        }

        if (_unread.Length == 0)
        {
            End(EndReason.Completed, "");
        }
        else
        {
            End(EndReason.BadHeader, "the client closed before its request was complete");
        }

        _client.Close();
    }

    /// <summary>The client is told, if there is still room for it: the response to its request has not begun.</summary>
    private void Refuse(int status, string text, EndReason reason, string method = "GET")
    {
        if (_exchange is { Response: not null } or { HasInterimGone: true })
        {
            EndWithReset(reason, text);
            return;
        }

        _client.Send(HttpAnswers.Refusal(status, text, hasBody: (_exchange?.Head.Method ?? method) != "HEAD"));
        End(reason, text);
        Farewell.Say(_loop, _client);
    }

    private void EndWithReset(EndReason reason, string text)
    {
        End(reason, text);
        _client.Abort();
    }

    private void End(EndReason reason, string detail)
    {
        IsOver = true;
        _deadline.Cancel();
        if (_exchange is null)
        {
            LeaveLeg();
        }
        else
        {
            _leg?.Drop(detail);
            _leg = null;
        }

        _owner.Tell(new Over(reason, detail), ActorRefs.NoSender);
    }

    private void LeaveLeg()
    {
        _leg?.Finish();
        _leg = null;
    }

    /// <summary>One request and its response.</summary>
    private sealed class Exchange(HttpRequestHead head, string? user)
    {
        public HttpRequestHead Head { get; } = head;

        public string? User { get; } = user;

        public HttpBodyReader Request { get; } = new(head.Body);

        /// <summary>What its leg begins with.</summary>
        public byte[] Early { get; set; } = [];

        /// <summary>Whether more than <see cref="Early"/> has gone.</summary>
        public bool HasBodyFollowed { get; set; }

        /// <summary>What has come of the response's head.</summary>
        public byte[] ResponseUnread { get; set; } = [];

        public bool HasInterimGone { get; set; }

        /// <summary>Null while the head is not complete.</summary>
        public HttpBodyReader? Response { get; set; }

        public bool IsUntilClose { get; set; }

        /// <summary>Whether the client's connection ends with it.</summary>
        public bool IsLast { get; set; }

        /// <summary>Whether the leg takes another request.</summary>
        public bool IsLegKept { get; set; }
    }
}

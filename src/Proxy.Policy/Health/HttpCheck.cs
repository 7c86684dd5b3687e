using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Proxy.Policy.Health;

/// <summary>
/// One HTTP/1.1 request (RFC 9112); the status of the answer decides, its headers and body are not read. An interim answer (1xx) is one like
/// any other: nothing that is sent asks for it.
/// </summary>
public sealed class HttpCheck : CheckKind
{
    private readonly ReadOnlyMemory<byte> _request;

    private HttpCheck(string method, string path, string host, HttpStatusSet expected)
    {
        Expected = expected;
        _request = Encoding.ASCII.GetBytes(
            $"{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: tcpproxy\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    }

    public HttpStatusSet Expected { get; }

    /// <summary>
    /// False: <paramref name="error"/> says what is wrong. <paramref name="path"/> is the request target, escaped as it is to be sent;
    /// <paramref name="host"/> goes into the header as it is.
    /// </summary>
    public static bool TryCreate(
        string method, string path, string host, HttpStatusSet expected, [NotNullWhen(true)] out HttpCheck? check, out string error)
    {
        check = null;
        error = "";
        if (method.Length is 0 or > 32 || !method.All(c => char.IsAsciiLetterUpper(c)))
        {
            error = $"'{method}' is not a method such as GET";
        }
        else if (!(path.StartsWith('/') || path == "*") || !IsPlain(path))
        {
            error = $"'{path}' is not a path such as /health, escaped and of at most {MaximumTextCharacters} characters";
        }
        else if (host.Length == 0 || !IsPlain(host))
        {
            error = $"'{host}' is not the name of a host";
        }
        else
        {
            check = new HttpCheck(method, path, host, expected);
        }

        return check is not null;
    }

    public override ICheckDialogue CreateDialogue() => new Dialogue(this);

    public override bool Equals(object? obj) =>
        obj is HttpCheck other && _request.Span.SequenceEqual(other._request.Span) && Expected.Text == other.Expected.Text;

    public override int GetHashCode() => HashCode.Combine(_request.Length, Expected.Text);

    // No space and no line break: neither could be told from the end of the field.
    private static bool IsPlain(string text) => text.Length <= MaximumTextCharacters && text.All(c => c is > ' ' and < '\x7f');

    /// <summary>Keeps the request within what any server reads as one line.</summary>
    private const int MaximumTextCharacters = 1024;

    private sealed class Dialogue : ICheckDialogue
    {
        private readonly HttpCheck _check;
        private readonly BoundedAnswer _answer = new(StatusBytes);

        public Dialogue(HttpCheck check)
        {
            _check = check;
        }

        public CheckStep Begin() => new CheckStep.Continue(_check._request);

        public CheckStep HandleReceived(ReadOnlySpan<byte> bytes)
        {
            _answer.Append(bytes);
            var answer = _answer.Bytes;
            if (!IsStatusLine(answer))
            {
                return new CheckStep.Failed($"not an HTTP/1 answer: {_answer.Excerpt()}");
            }

            if (!_answer.IsFull)
            {
                return CheckStep.NeedMore;
            }

            var status = ((answer[9] - '0') * 100) + ((answer[10] - '0') * 10) + (answer[11] - '0');
            return _check.Expected.Contains(status) ? CheckStep.Pass : new CheckStep.Failed($"status {status}, expected {_check.Expected}");
        }

        public CheckStep HandleEnd() => new CheckStep.Failed(
            _answer.Bytes.IsEmpty ? "closed without an answer" : $"closed within the status line: {_answer.Excerpt()}");

        // Holds for a beginning, too: a server that speaks another protocol is found out at its first byte. The x of HTTP/1.x is any digit,
        // and after the status comes a space, or the line's end from servers that leave out the empty reason.
        private static bool IsStatusLine(ReadOnlySpan<byte> answer)
        {
            for (var index = 0; index < answer.Length; index++)
            {
                var isRight = Pattern[index] switch
                {
                    (byte)'9' => char.IsAsciiDigit((char)answer[index]),
                    (byte)'_' => answer[index] is (byte)' ' or (byte)'\r' or (byte)'\n',
                    var exact => answer[index] == exact,
                };
                if (!isRight)
                {
                    return false;
                }
            }

            return true;
        }

        private static ReadOnlySpan<byte> Pattern => "HTTP/1.9 999_"u8;

        /// <summary>"HTTP/1.1 200" and the byte behind it: the rest of the line says nothing more.</summary>
        private const int StatusBytes = 13;
    }
}

using Proxy.Policy.Health;

namespace Proxy.Node.Commands;

/// <summary>What a check asks a server, on the command line.</summary>
internal static class CheckText
{
    public const string Form = "tcp | http:PATH[,status=200-399][,method=GET][,host=NAME] | [send:TEXT,]expect:TEXT[,within=BYTES]";

    public static CheckKind Read(string text, string option)
    {
        if (text == "tcp")
        {
            return new TcpCheck();
        }

        var parts = EscapedText.SplitAtCommas(text);
        return text.StartsWith(HttpPrefix, StringComparison.Ordinal)
            ? Http(text, parts, option)
            : text.StartsWith(SendPrefix, StringComparison.Ordinal) || text.StartsWith(ExpectPrefix, StringComparison.Ordinal)
                ? SendExpect(text, parts, option)
                : throw new UsageException($"{option} '{text}': {Form} is expected");
    }

    private static HttpCheck Http(string text, IReadOnlyList<string> parts, string option)
    {
        var (path, method, host, expected) = (parts[0][HttpPrefix.Length..], "GET", "localhost", HttpStatusSet.Default);
        var statuses = new List<string>();
        foreach (var part in parts.Skip(1))
        {
            switch (part.Split('=', 2))
            {
                case ["status", var set]:
                    statuses.Add(set);
                    break;
                case ["method", var name]:
                    method = name;
                    break;
                case ["host", var name]:
                    host = name;
                    break;
                case [var more] when statuses.Count > 0 && more.Length > 0 && char.IsAsciiDigit(more[0]):
                    // A set of statuses has commas of its own: status=200,204.
                    statuses.Add(more);
                    break;
                default:
                    throw new UsageException($"{option} '{text}': {Form} is expected; '{part}' is none of these");
            }
        }

        var error = "";
        if (statuses.Count > 0 && !HttpStatusSet.TryParse(string.Join(',', statuses), out expected, out error))
        {
            throw new UsageException($"{option} '{text}': {error}");
        }

        return HttpCheck.TryCreate(method, path, host, expected, out var check, out error)
            ? check
            : throw new UsageException($"{option} '{text}': {error}");
    }

    private static SendExpectCheck SendExpect(string text, IReadOnlyList<string> parts, string option)
    {
        var (send, expect, within) = (Array.Empty<byte>(), Array.Empty<byte>(), SendExpectCheck.DefaultWithinBytes);
        foreach (var part in parts)
        {
            if (part.StartsWith(SendPrefix, StringComparison.Ordinal))
            {
                send = EscapedText.Read(part[SendPrefix.Length..], option);
            }
            else if (part.StartsWith(ExpectPrefix, StringComparison.Ordinal))
            {
                expect = EscapedText.Read(part[ExpectPrefix.Length..], option);
            }
            else if (part.Split('=', 2) is ["within", var digits])
            {
                within = Values.Number(digits, 1, SendExpectCheck.MaximumWithinBytes, option, text);
            }
            else
            {
                throw new UsageException($"{option} '{text}': {Form} is expected; '{part}' is none of these");
            }
        }

        return SendExpectCheck.TryCreate(send, expect, within, out var check, out var error)
            ? check
            : throw new UsageException($"{option} '{text}': {error}");
    }

    private const string HttpPrefix = "http:";
    private const string SendPrefix = "send:";
    private const string ExpectPrefix = "expect:";
}

using System.Net;
using System.Text;
using Proxy.Transport.HandOver;

namespace Proxy.Node.HandOver;

/// <summary>
/// What two processes say to each other when one takes the other's place, a line each in UTF-8. The successor begins:
/// <code>
/// successor    tcpproxy hand-over 1
/// predecessor  socket tcp 0.0.0.0:8080        for each, its descriptor with it
/// predecessor  that is all
/// successor    ready                          it accepts; the predecessor stops accepting, and drains
/// </code>
/// Who goes away before `ready` has changed nothing.
/// </summary>
internal static class HandOverMessage
{
    public const string Greeting = "tcpproxy hand-over 1";
    public const string LastSocket = "that is all";
    public const string Ready = "ready";
    private const string SocketWord = "socket ";

    public static string OfSocket(ListeningSocket socket) => $"{SocketWord}{socket.Kind.ToString().ToLowerInvariant()} {socket.Asked}";

    public static bool TryReadSocket(string text, out ListeningKind kind, out IPEndPoint asked)
    {
        (kind, asked) = (default, null!);
        return text.StartsWith(SocketWord, StringComparison.Ordinal)
            && text[SocketWord.Length..].Split(' ') is [var word, var address]
            && Enum.TryParse(word, ignoreCase: true, out kind)
            && IPEndPoint.TryParse(address, out asked!);
    }

    public static bool TrySend(DescriptorSocket connection, string text, ListeningSocket? socket = null) =>
        connection.TrySend(Encoding.UTF8.GetBytes(text), socket?.Descriptor);
}

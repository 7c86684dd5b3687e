using System.Globalization;
using System.Net;
using System.Text;
using Proxy.Transport;
using Proxy.Transport.HandOver;

namespace Proxy.Node.HandOver;

/// <summary>
/// What two processes say to each other when one takes the other's place, a line each in UTF-8. The successor begins:
/// <code>
/// successor    tcpproxy hand-over 1
/// predecessor  socket tcp 0.0.0.0:8080        for each, its descriptor with it
/// predecessor  generation 7                   its own, which ends the list; the successor is the eighth
/// successor    ready                          it accepts; the predecessor stops accepting, and drains
/// </code>
/// From then on the successor passes on what its UDP sockets read for tunnels of the predecessor (<see cref="PassedOn"/>).
/// Who goes away before `ready` has changed nothing.
/// </summary>
internal static class HandOverMessage
{
    public const string Greeting = "tcpproxy hand-over 1";
    public const string Ready = "ready";
    private const string GenerationWord = "generation ";
    private const string SocketWord = "socket ";

    public static string OfSocket(ListeningSocket socket) => $"{SocketWord}{socket.Kind.ToString().ToLowerInvariant()} {socket.Asked}";

    public static string OfGeneration(byte generation) => string.Create(CultureInfo.InvariantCulture, $"{GenerationWord}{generation}");

    public static bool TryReadGeneration(string text, out byte generation)
    {
        generation = 0;
        return text.StartsWith(GenerationWord, StringComparison.Ordinal)
            && byte.TryParse(text.AsSpan(GenerationWord.Length), NumberStyles.None, CultureInfo.InvariantCulture, out generation);
    }

    public static bool TryReadSocket(string text, out ListeningKind kind, out IPEndPoint asked)
    {
        (kind, asked) = (default, null!);
        return text.StartsWith(SocketWord, StringComparison.Ordinal)
            && text[SocketWord.Length..].Split(' ', 2) is [var word, var address]
            && Enum.TryParse(word, ignoreCase: true, out kind)
            && TryReadAddress(address, out asked);
    }

    // A path may have blanks.
    private static bool TryReadAddress(string text, out IPEndPoint asked)
    {
        if (!UnixEndPoint.IsOne(text))
        {
            return IPEndPoint.TryParse(text, out asked!);
        }

        var isOne = UnixEndPoint.TryParse(text, out var place, out _);
        asked = place!;
        return isOne;
    }

    public static bool TrySend(DescriptorSocket connection, string text, ListeningSocket? socket = null) =>
        connection.TrySend(Encoding.UTF8.GetBytes(text), socket?.Descriptor);
}

using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;

namespace Proxy.Transport;

/// <summary>
/// A Unix-domain socket (unix(7)): a place of this machine that has a path and no port. To rules and limits, which know addresses, it is this
/// machine's own, 127.0.0.1 with port 0; to whoever prints it, it is <c>unix:/path</c>. Two are equal by their paths. Immutable.
/// </summary>
public sealed class UnixEndPoint : IPEndPoint
{
    public const string Prefix = "unix:";

    /// <summary>Of the 108 of sun_path one is 0, and a few are for the name that a socket has until somebody listens there.</summary>
    public const int LongestPathBytes = 98;

    /// <summary>Only this user's processes.</summary>
    public const UnixFileMode DefaultMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const string ModeField = "?mode=";

    /// <summary>Whoever connects to such a socket, and has no name of its own.</summary>
    public static readonly UnixEndPoint Nameless = new("", DefaultMode);

    private UnixEndPoint(string path, UnixFileMode mode)
        : base(IPAddress.Loopback, 0) => (Path, Mode) = (path, mode);

    public string Path { get; }

    /// <summary>Who may connect to it, for one who listens there.</summary>
    public UnixFileMode Mode { get; }

    public static bool IsOne(string text) => text.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Reads <c>unix:/path</c> with <c>?mode=660</c> (octal) behind it or not; the path is absolute. False: <paramref name="error"/> says what is wrong.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out UnixEndPoint? endPoint, out string error)
    {
        (endPoint, error) = (null, "");
        if (!IsOne(text))
        {
            error = $"{Prefix}/PATH is expected";
            return false;
        }

        var (path, mode) = (text[Prefix.Length..], DefaultMode);
        var field = path.IndexOf(ModeField, StringComparison.Ordinal);
        if (field >= 0)
        {
            if (!TryReadMode(path.AsSpan(field + ModeField.Length), out mode))
            {
                error = $"'{path[(field + ModeField.Length)..]}' is no mode, such as 660";
                return false;
            }

            path = path[..field];
        }

        if (!path.StartsWith('/') || path.EndsWith('/') || path.Contains('\0', StringComparison.Ordinal))
        {
            error = $"the whole path of a socket is expected, such as {Prefix}/run/tcpproxy/web.sock";
            return false;
        }

        if (Encoding.UTF8.GetByteCount(path) > LongestPathBytes)
        {
            error = $"the path of a socket has at most {LongestPathBytes} bytes";
            return false;
        }

        endPoint = new UnixEndPoint(path, mode);
        return true;
    }

    public override string ToString() => Prefix + Path;

    public override bool Equals([NotNullWhen(true)] object? comparand) => comparand is UnixEndPoint other && other.Path == Path;

    public override int GetHashCode() => Path.GetHashCode(StringComparison.Ordinal);

    private static bool TryReadMode(ReadOnlySpan<char> text, out UnixFileMode mode)
    {
        mode = default;
        foreach (var digit in text)
        {
            if (digit is < '0' or > '7')
            {
                return false;
            }

            mode = (UnixFileMode)(((int)mode << 3) | (digit - '0'));
        }

        return text.Length is 3 or 4 && (int)mode <= AllModes;
    }

    // rwx of three.
    private const int AllModes = 0x1FF;
}

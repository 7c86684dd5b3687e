using System.Security.Authentication;

namespace Proxy.Transport.Tls;

/// <summary>Exceptions of TLS as faults: one line of printable characters, for they may quote the peer.</summary>
public static class TlsFaults
{
    private const int MostCharacters = 200;

    public static TransportFault From(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return new TransportFault(TransportFaultKind.Tls, "TLS: " + TextOf(failure));
    }

    /// <summary>The innermost reason: what lies around it only says that there is one.</summary>
    public static string TextOf(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        while (failure.InnerException is { } inner)
        {
            failure = inner;
        }

        return Printable(failure.Message);
    }

    /// <summary>At most 200 characters, all of them printable ASCII.</summary>
    public static string Printable(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return string.Create(Math.Min(text.Length, MostCharacters), text, static (target, source) =>
        {
            for (var index = 0; index < target.Length; index++)
            {
                target[index] = source[index] is >= ' ' and <= '~' and var plain ? plain : '?';
            }
        });
    }
}

/// <summary>The peer's certificate was not good enough; the message says why.</summary>
public sealed class CertificateRejectedException(string message) : AuthenticationException(message);

using System.Net.Security;

namespace Proxy.Transport.Tls;

/// <summary>Which end of TLS a channel is, and what it proves and demands. Immutable, shared by connections, used from any thread.</summary>
public interface ITlsRole
{
    /// <summary>Shakes hands. Fails by an exception whose text <see cref="TlsFaults"/> makes fit for a log.</summary>
    Task<TlsSession> AuthenticateAsync(SslStream stream);
}

using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>Ends TLS of everybody who comes, with a certificate that they trust, and passes what is inside on to the server, over TLS again.</summary>
internal sealed class ManBetween : IAsyncDisposable
{
    private readonly TcpPeer _peer;

    public ManBetween(IPEndPoint server)
    {
        _peer = new TcpPeer(async (socket, cancellation) =>
        {
            Connections++;
            using var loaded = X509Certificate2.CreateFromPemFile(SharedCertificates.Other);
            using var certificate = X509CertificateLoader.LoadPkcs12(loaded.Export(X509ContentType.Pkcs12), null);
            await using var near = new SslStream(new NetworkStream(socket));
            await near.AuthenticateAsServerAsync(certificate);
            using var onward = await Dial.ToAsync(server);
            await using var far = new SslStream(new NetworkStream(onward), false, (_, certificate, _, _) => certificate is not null);
            await far.AuthenticateAsClientAsync("127.0.0.1");
            await Task.WhenAny(near.CopyToAsync(far, cancellation), far.CopyToAsync(near, cancellation));
        });
    }

    public IPEndPoint Address => _peer.Address;

    public int Connections { get; private set; }

    public ValueTask DisposeAsync() => _peer.DisposeAsync();
}

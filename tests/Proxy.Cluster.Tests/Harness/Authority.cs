using System.Security.Cryptography.X509Certificates;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.TestKit;

namespace Proxy.Cluster.Tests.Harness;

/// <summary>An authority of one test, and a PEM file with a certificate for 127.0.0.1 and its key.</summary>
internal sealed class Authority : IDisposable
{
    private readonly TestCertificates _certificates = new();

    public Authority(WorkDirectory work)
    {
        ServerFile = work.File("server.pem");
        using var certificate = _certificates.Create("127.0.0.1");
        File.WriteAllText(ServerFile, TestCertificates.Pem(certificate));
    }

    public string ServerFile { get; }

    public X509Certificate2Collection Trusted => _certificates.Authorities;

    public void Dispose() => _certificates.Dispose();
}

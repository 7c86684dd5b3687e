using System.Security.Cryptography.X509Certificates;
using Proxy.TestKit;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>An authority of one test, and PEM files of what it has signed.</summary>
internal sealed class CertificateFiles(WorkDirectory work, string name = "authority") : IDisposable
{
    private readonly TestCertificates _certificates = new(name);

    public string Authority => Write($"{name}.pem", _certificates.AuthorityPem);

    /// <summary>A file with a certificate and its key.</summary>
    public string Create(string file, params string[] names)
    {
        using X509Certificate2 certificate = _certificates.Create(names);
        return Write(file, TestCertificates.Pem(certificate));
    }

    public void Dispose() => _certificates.Dispose();

    /// <summary>In one step, as who renews certificates should.</summary>
    private string Write(string file, string text)
    {
        var (path, fresh) = (work.File(file), work.File(file + ".new"));
        File.WriteAllText(fresh, text);
        File.Move(fresh, path, overwrite: true);
        return path;
    }
}

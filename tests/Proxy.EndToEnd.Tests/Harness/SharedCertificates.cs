namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>A certificate for 127.0.0.1 and who signed it, for all tests that only need TLS to be there; gone with the process.</summary>
internal static class SharedCertificates
{
    private static readonly WorkDirectory Work = new();
    private static readonly CertificateFiles Files = new(Work);

    static SharedCertificates()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            Files.Dispose();
            Work.Dispose();
        };
    }

    public static string Authority { get; } = Files.Authority;

    /// <summary>The certificate and its key.</summary>
    public static string Server { get; } = Files.Create("server.pem", "127.0.0.1");

    /// <summary>Another for the same address, which the authority has signed as well.</summary>
    public static string Other { get; } = Files.Create("other.pem", "127.0.0.1");
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Proxy.Actors;

/// <summary>A certificate and its key, in one file or in two.</summary>
/// <param name="CertificatePath">PEM: the certificate, then those between it and its authority.</param>
/// <param name="KeyPath">PEM, without a passphrase; null: the key lies in the certificate's file.</param>
public sealed record CertificateFile(string CertificatePath, string? KeyPath);

/// <summary>A file is not what it should be; the message says which file and what is wrong with it.</summary>
public sealed class CertificateFileException(string message) : Exception(message);

/// <summary>A PEM file, read once and as a whole, so that what is compared is what is used.</summary>
internal sealed record PemFile(string Path, string Text)
{
    // A chain of four is 8 KiB; all authorities that Debian knows are 220 KiB.
    private const int MostBytes = 4 << 20;

    public static PemFile Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MostBytes)
            {
                throw new CertificateFileException($"{path}: {file.Length} bytes are too many for certificates");
            }

            using var reader = new StreamReader(file, Encoding.ASCII);
            return new PemFile(path, reader.ReadToEnd());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new CertificateFileException($"{path}: cannot be read: {failure.Message}");
        }
    }

    /// <summary>All certificates of the file, at least one.</summary>
    public X509Certificate2Collection Certificates()
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Text);
        }
        catch (CryptographicException failure)
        {
            throw new CertificateFileException($"{Path}: a certificate is damaged: {failure.Message}");
        }

        return certificates.Count > 0
            ? certificates
            : throw new CertificateFileException($"{Path}: there is no certificate in it ('-----BEGIN CERTIFICATE-----' is expected)");
    }

    /// <summary>The first certificate of the file, with the key of <paramref name="key"/>.</summary>
    public X509Certificate2 WithKeyOf(PemFile key)
    {
        if (key.Text.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw new CertificateFileException($"{key.Path}: the key is encrypted; a node has nobody to ask for a passphrase");
        }

        if (!key.Text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new CertificateFileException($"{key.Path}: there is no key in it ('-----BEGIN PRIVATE KEY-----' is expected)");
        }

        try
        {
            return X509Certificate2.CreateFromPem(Text, key.Text);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw new CertificateFileException($"{key.Path}: the key does not go with the certificate in {Path}: {failure.Message}");
        }
    }
}

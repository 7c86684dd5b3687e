namespace Proxy.Actors;

/// <summary>
/// TLS of a frontend with its clients: what it was given, and who it is at present. Connections that were begun keep what they began with. Any
/// thread reads; one at a time reloads.
/// </summary>
public sealed class TlsTermination
{
    private volatile ServerIdentity _current;

    private TlsTermination(TlsTerminationSettings settings, ServerIdentity current)
    {
        (Settings, _current) = (settings, current);
    }

    public TlsTerminationSettings Settings { get; }

    internal ServerIdentity Current => _current;

    /// <exception cref="CertificateFileException">A file is missing or wrong.</exception>
    public static TlsTermination Read(TlsTerminationSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new TlsTermination(settings, ServerIdentity.Read(settings));
    }

    /// <summary>Reads the files again. Whether they say something else than before; if they are wrong, what was before stays.</summary>
    /// <exception cref="CertificateFileException">A file is missing or wrong.</exception>
    internal bool TryReload()
    {
        var fresh = ServerIdentity.Read(Settings);
        if (fresh.Digest.AsSpan().SequenceEqual(_current.Digest))
        {
            return false;
        }

        _current = fresh;
        return true;
    }
}

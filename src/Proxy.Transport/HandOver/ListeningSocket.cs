using System.Net;
using Microsoft.Win32.SafeHandles;

namespace Proxy.Transport.HandOver;

/// <summary>A bound socket on its way from one process to another.</summary>
/// <param name="Asked">The address as the settings have it, which may be port 0: by this the receiver finds it.</param>
/// <param name="Descriptor">Owned by who holds this.</param>
public sealed record ListeningSocket(ListeningKind Kind, IPEndPoint Asked, SafeFileHandle Descriptor) : IDisposable
{
    public void Dispose() => Descriptor.Dispose();
}

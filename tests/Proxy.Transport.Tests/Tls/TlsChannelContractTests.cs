using System.Net;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Tls;

/// <summary>A TLS channel keeps what plain ones keep, over either backend.</summary>
public sealed class TlsOverEpollContractTests()
    : IoLoopContract(new TlsEnvironment(new LoopbackEnvironment(LoopBackendKind.Epoll, IPAddress.Loopback), isOnLoop: false));

public sealed class TlsOverPortableContractTests()
    : IoLoopContract(new TlsEnvironment(new LoopbackEnvironment(LoopBackendKind.Portable, IPAddress.Loopback), isOnLoop: false));

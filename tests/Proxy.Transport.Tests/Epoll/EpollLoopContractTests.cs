using System.Net;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Epoll;

public sealed class EpollLoopContractTests() :
    IoLoopContract(new LoopbackEnvironment(LoopBackendKind.Epoll, IPAddress.Loopback));

public sealed class EpollLoopOverIPv6ContractTests() :
    IoLoopContract(new LoopbackEnvironment(LoopBackendKind.Epoll, IPAddress.IPv6Loopback));

/// <summary>The same, with every relay spliced from its second full read on.</summary>
public sealed class EpollLoopSplicingContractTests() : IoLoopContract(new LoopbackEnvironment(LoopBackendKind.Epoll, IPAddress.Loopback, Eager))
{
    private static readonly LoopSettings Eager =
        new() { BulkReadsBeforeSplice = 1, ReadBufferBytes = LoopSettings.SmallestReadBufferBytes };
}

/// <summary>The same, without the kernel's help for batches of datagrams.</summary>
public sealed class EpollLoopWithoutOffloadContractTests() :
    IoLoopContract(new LoopbackEnvironment(LoopBackendKind.Epoll, IPAddress.Loopback, new LoopSettings { UdpOffload = false }));

using System.Net;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Epoll;

public sealed class EpollLoopContractTests() :
    IoLoopContract(new LoopbackEnvironment(LoopBackendKind.Epoll, IPAddress.Loopback));

public sealed class EpollLoopOverIPv6ContractTests() :
    IoLoopContract(new LoopbackEnvironment(LoopBackendKind.Epoll, IPAddress.IPv6Loopback));

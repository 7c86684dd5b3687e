using System.Net;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Portable;

public sealed class PortableLoopContractTests() :
    IoLoopContract(new LoopbackEnvironment(LoopBackendKind.Portable, IPAddress.Loopback));

public sealed class PortableLoopOverIPv6ContractTests() :
    IoLoopContract(new LoopbackEnvironment(LoopBackendKind.Portable, IPAddress.IPv6Loopback));

using System.Net;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Portable;

public sealed class PortableLoopContractTests() : IoLoopContract(new PortableEnvironment(IPAddress.Loopback));

public sealed class PortableLoopOverIPv6ContractTests() : IoLoopContract(new PortableEnvironment(IPAddress.IPv6Loopback));

using Proxy.Transport.Tests.Contract;
using Proxy.Transport.Tests.Tls;

namespace Proxy.TestKit.Tests.Network;

/// <summary>TLS over the simulated network, hands shaken on its loops: under virtual time there is nobody else.</summary>
public sealed class TlsOverSimulatedContractTests()
    : IoLoopContract(new TlsEnvironment(new SimulatedEnvironment(seed: 3, TimeSpan.FromMilliseconds(1)), isOnLoop: true));

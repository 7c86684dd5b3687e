using Proxy.EndToEnd.Tests.Commands;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Traffic;

// What is promised of tunnels is promised over every transport.

public sealed class TcpHalfCloseTests() : HalfCloseTests(Dialect.NativeTcp);

public sealed class TlsHalfCloseTests() : HalfCloseTests(Dialect.NativeTls);

public sealed class TcpResetTests() : ResetTests(Dialect.NativeTcp);

public sealed class TlsResetTests() : ResetTests(Dialect.NativeTls);

public sealed class TcpStalledReaderTests() : StalledReaderTests(Dialect.NativeTcp);

public sealed class TlsStalledReaderTests() : StalledReaderTests(Dialect.NativeTls);

public sealed class TcpServerCrashTests() : ServerCrashTests(Dialect.NativeTcp);

public sealed class TlsServerCrashTests() : ServerCrashTests(Dialect.NativeTls);

public sealed class TcpConcurrencyTests() : ConcurrencyTests(Dialect.NativeTcp);

public sealed class TlsConcurrencyTests() : ConcurrencyTests(Dialect.NativeTls);

public sealed class TcpDrainTests() : DrainTests(Dialect.NativeTcp);

public sealed class TlsDrainTests() : DrainTests(Dialect.NativeTls);

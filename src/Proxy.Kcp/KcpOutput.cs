namespace Proxy.Kcp;

/// <summary>A segment that was written.</summary>
/// <param name="LengthBytes">Header and payload.</param>
/// <param name="Command">What it is; only <see cref="KcpCommand.Push"/> is to be reported acknowledged or lost.</param>
/// <param name="SequenceNumber">Of a <see cref="KcpCommand.Push"/>.</param>
public readonly record struct KcpOutput(int LengthBytes, KcpCommand Command, uint SequenceNumber);

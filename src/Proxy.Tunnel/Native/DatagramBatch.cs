namespace Proxy.Tunnel.Native;

/// <summary>Datagrams of one size, back to back, the last perhaps shorter, for one address.</summary>
/// <param name="Bytes">All of them together.</param>
/// <param name="DatagramBytes">Each of them but the last.</param>
/// <param name="Path">Where to.</param>
public readonly record struct DatagramBatch(int Bytes, int DatagramBytes, PathAddress Path);

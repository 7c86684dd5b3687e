using System.Buffers;

namespace Proxy.Protocol.Tests;

/// <summary>A pool that knows what is out, that nothing foreign or twice comes back, and spoils what came back.</summary>
internal sealed class CountingPool : ArrayPool<byte>
{
    private readonly HashSet<byte[]> _out = [];

    public int Out => _out.Count;

    public int OutBytes => _out.Sum(buffer => buffer.Length);

    public int MostOutBytes { get; private set; }

    public int Rents { get; private set; }

    public override byte[] Rent(int minimumLength)
    {
        var buffer = new byte[minimumLength];
        _out.Add(buffer);
        Rents++;
        MostOutBytes = Math.Max(MostOutBytes, OutBytes);
        return buffer;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        Assert.True(_out.Remove(array), "A buffer came back that is not out.");
        Array.Fill(array, (byte)0xee);
    }
}

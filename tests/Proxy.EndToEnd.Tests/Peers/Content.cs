using System.Net.Sockets;
using System.Security.Cryptography;

namespace Proxy.EndToEnd.Tests.Peers;

/// <summary>Bytes that follow from a seed alone, of any length, never held as a whole.</summary>
internal readonly record struct Content(int Seed, long Length)
{
    private const int ChunkBytes = 64 * 1024;

    public byte[] Sha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var chunk in Chunks())
        {
            hash.AppendData(chunk.Span);
        }

        return hash.GetHashAndReset();
    }

    /// <summary>The bytes in order. A chunk is valid until the next one is asked for.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Chunks()
    {
        var random = new Random(Seed);
        var chunk = new byte[ChunkBytes];
        for (var left = Length; left > 0; left -= ChunkBytes)
        {
            random.NextBytes(chunk);
            yield return chunk.AsMemory(0, (int)Math.Min(left, ChunkBytes));
        }
    }

    /// <summary>Sends all of it; <paramref name="pause"/>, where there is one, is awaited after each chunk.</summary>
    public async Task SendAsync(Socket socket, CancellationToken cancellation, Func<Task>? pause = null)
    {
        foreach (var chunk in Chunks())
        {
            await socket.SendAllAsync(chunk, cancellation);
            if (pause is not null)
            {
                await pause();
            }
        }
    }

    public async Task WriteToAsync(string file)
    {
        await using var stream = File.Create(file);
        foreach (var chunk in Chunks())
        {
            await stream.WriteAsync(chunk);
        }
    }
}

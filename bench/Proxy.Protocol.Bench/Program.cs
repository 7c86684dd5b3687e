using System.Diagnostics;
using System.Security.Cryptography;
using Proxy.Protocol.Bench;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Sessions;

// What sealing costs: whole datagrams (header, number, replay window and cipher), the best batch
// of 48, as the machine is shared; and the best handshake.
Console.WriteLine("cipher                               body   seal ns   open ns   forged ns   bytes allocated");
foreach (var choice in (CipherChoice[])[CipherChoice.Best, CipherChoice.Managed, CipherChoice.WithoutAesHardware])
{
    foreach (var body in (int[])[64, 1300])
    {
        MeasureDatagrams(choice, body);
    }
}

Console.WriteLine();
MeasureHandshakes();

static void MeasureDatagrams(CipherChoice choice, int body)
{
    const int Batch = 48;
    const int Rounds = 4000;
    var room = body + SealedSession.HeaderBytes + SealedSession.TagBytes;
    var buffers = new byte[Batch][];
    for (var index = 0; index < Batch; index++)
    {
        buffers[index] = new byte[room];
        RandomNumberGenerator.Fill(buffers[index]);
    }

    using var handshakes = new Handshakes(choice);
    var (client, server) = handshakes.Establish();
    var (seal, open, forged) = (double.MaxValue, double.MaxValue, double.MaxValue);
    long allocated = 0;
    for (var round = 0; round < Rounds; round++)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        foreach (var buffer in buffers)
        {
            client.TrySeal(buffer, body, 0, out _, out _);
        }

        var sealedAt = Stopwatch.GetTimestamp();
        foreach (var buffer in buffers)
        {
            if (server.Open(buffer, 0, out _, out _) != OpenResult.Opened)
            {
                throw new InvalidOperationException("A datagram did not open.");
            }
        }

        var openedAt = Stopwatch.GetTimestamp();
        allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        seal = Math.Min(seal, Stopwatch.GetElapsedTime(start, sealedAt).TotalNanoseconds / Batch);
        open = Math.Min(open, Stopwatch.GetElapsedTime(sealedAt, openedAt).TotalNanoseconds / Batch);
        if (round % 20 != 0)
        {
            continue;
        }

        foreach (var buffer in buffers)
        {
            client.TrySeal(buffer, body, 0, out _, out _);
            buffer[^1] ^= 1;
        }

        start = Stopwatch.GetTimestamp();
        foreach (var buffer in buffers)
        {
            server.Open(buffer, 0, out _, out _);
        }

        forged = Math.Min(forged, Stopwatch.GetElapsedTime(start).TotalNanoseconds / Batch);
    }

    Console.WriteLine($"{client.CipherName,-35} {body,5}   {seal,7:0}   {open,7:0}   {forged,9:0}   {allocated,15}");
}

static void MeasureHandshakes()
{
    const int Rounds = 1000;
    using var handshakes = new Handshakes(CipherChoice.Best);
    var (whole, forged) = (double.MaxValue, double.MaxValue);
    for (var round = 0; round < Rounds; round++)
    {
        var start = Stopwatch.GetTimestamp();
        var (client, server) = handshakes.Establish();
        whole = Math.Min(whole, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
        client.Dispose();
        server.Dispose();
        start = Stopwatch.GetTimestamp();
        handshakes.Judge(isForged: true);
        forged = Math.Min(forged, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
    }

    Console.WriteLine($"whole handshake, both ends            {whole,7:0} µs");
    Console.WriteLine($"forged hello, refused by the server   {forged,7:0.0} µs");
}

using System.Buffers;
using System.Diagnostics;
using Proxy.Kcp;
using Proxy.Kcp.Bench;

// Two engines in memory, one way, window 1024, vproxy's fast4; the link is a queue with a delay in which every hundredth datagram may be
// lost. What is measured is the engines' own work, both sides together, with one copy into the sender, one into each datagram and one into
// the receiver. Best of three, as the machine is shared.
Console.WriteLine("acknowledgement  loss   segments      ns/segment   MB/s    resent   bytes allocated/segment");
foreach (var acknowledgement in (KcpAcknowledgement[])[KcpAcknowledgement.Own, KcpAcknowledgement.External])
{
    foreach (var loseEvery in (int[])[0, 100, 20])
    {
        Measure(acknowledgement, loseEvery);
    }
}

static void Measure(KcpAcknowledgement acknowledgement, int loseEvery)
{
    const int Segments = 400_000;
    var settings = KcpSettings.VproxyFast4 with { Acknowledgement = acknowledgement, InitialPeerWindowSegments = 1024 };
    var best = TimeSpan.MaxValue;
    long allocated = 0;
    double resent = 0;
    for (var run = 0; run < 3; run++)
    {
        using var transfer = new BulkTransfer(settings, loseEvery, new SegmentPool(1280, 8192, ArrayPool<byte>.Shared));
        transfer.Run(Segments / 8);
        var resentBefore = transfer.Resent;
        var allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        transfer.Run(Segments);
        var elapsed = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
        resent = (double)(transfer.Resent - resentBefore) / Segments;
        best = elapsed < best ? elapsed : best;
    }

    var nanoseconds = best.TotalNanoseconds / Segments;
    var rate = BulkTransfer.PayloadBytes / nanoseconds * 1000;
    var loss = loseEvery == 0 ? 0 : 100.0 / loseEvery;
    Console.WriteLine(
        $"{acknowledgement,-15} {loss,4:0} %   {Segments,8}   {nanoseconds,11:0}   {rate,6:0}   "
        + $"{100 * resent,5:0.00} %   {(double)allocated / Segments,8:0.0000}");
}

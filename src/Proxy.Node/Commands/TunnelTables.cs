using System.Globalization;
using Proxy.Actors;
using Spectre.Console;

namespace Proxy.Node.Commands;

/// <summary>The tunnels of a node, for people.</summary>
internal static class TunnelTables
{
    public static void Print(IReadOnlyList<TunnelStatus> tunnels, TunnelTotals totals)
    {
        var table = new Table().AddColumns("tunnel", "state", "round trip", "streams", "bytes out", "bytes in", "loss", "rate", "window", "sent again", "mended");
        foreach (var tunnel in tunnels)
        {
            var native = tunnel.Native;
            table.AddRow([.. new[]
            {
                tunnel.Principal is { } principal ? $"{tunnel.Peer} ({principal})" : tunnel.Peer,
                native is { Suspect: true } ? $"{tunnel.State}, silent" : tunnel.State,
                $"{tunnel.RttMs} ms",
                $"{tunnel.Streams}",
                $"{tunnel.BytesSent}",
                $"{tunnel.BytesReceived}",
                native is null ? "-" : Share(native.DatagramsLost - native.DatagramsSpurious, native.DatagramsSent),
                native is null ? "-" : $"{native.BandwidthBytesPerS / 1000} kB/s ({native.Phase})",
                native is null ? "-" : $"{native.BytesInFlight / 1000} of {native.CongestionWindowBytes / 1000} kB, {native.UnsentBytes / 1000} kB wait",
                ResentText(tunnel),
                native is null ? "-" : FecText(native.Fec),
            }.Select(Markup.Escape)]);
        }

        Terminal.Out.Write(table);
        Terminal.Out.MarkupLineInterpolated(
            $"tunnels {totals.Established} now, {totals.OpenedByUs + totals.OpenedByPeer} in all; datagrams {totals.Counters.DatagramsSent} out, {totals.Counters.DatagramsReceived} in, {totals.Counters.DatagramsLost} lost, {totals.Counters.FecRecovered} mended");
    }

    private static string ResentText(TunnelStatus tunnel) => tunnel.Native is { } native
        ? $"{native.ResentFast} lost, {native.ResentProbe} probes, {native.DatagramsSpurious} for nothing"
        : $"{tunnel.SegmentsResent}";

    private static string FecText(FecStatus fec) =>
        $"{fec.Recovered}, parity out {fec.ParitySent} ({fec.Mode}{(fec is { On: true, Mode: "adaptive" } ? ", on" : "")})";

    private static string Share(long part, long whole) =>
        whole == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * Math.Max(0, part) / whole:0.##} %");
}

using System.Globalization;

namespace Proxy.TestKit;

/// <summary>What kind of event the trace saw.</summary>
public enum TraceKind
{
    /// <summary>A loop ran one turn; the size is the loop's number.</summary>
    Turn,

    /// <summary>A host gave a packet to the network; the size is its payload in bytes, as for all kinds below.</summary>
    Sent,

    /// <summary>A rule dropped a packet.</summary>
    Dropped,

    /// <summary>A packet reached a host that runs.</summary>
    Arrived,

    /// <summary>A packet reached nobody: the host is down, the address is nobody's, or the receive queue is full.</summary>
    Lost,

    /// <summary>A host crashed; the size is 0.</summary>
    Crashed,

    /// <summary>A host runs again; the size is 0.</summary>
    Restarted,

    /// <summary>A test's own remark; the size is its length in characters.</summary>
    Note,
}

/// <summary>
/// A running 64-bit hash of every event (time, kind, host, size), and the last lines of them when asked for. Depends on nothing but the
/// events: the same seed and the same program give the same hash in every process.
/// </summary>
public sealed class SimulationTrace(ManualTime time)
{
    // FNV-1a's constants, applied to words instead of bytes.
    private const ulong OffsetBasis = 0xcbf2_9ce4_8422_2325;
    private const ulong Prime = 0x0000_0100_0000_01b3;

    private readonly Queue<string> _lines = new();
    private int _linesKept;

    public ulong Hash { get; private set; } = OffsetBasis;

    public long EventCount { get; private set; }

    /// <summary>The last events as text, oldest first; empty until <see cref="KeepLines"/> was called.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>From now on keeps the last <paramref name="count"/> events as text.</summary>
    public void KeepLines(int count) => _linesKept = count;

    /// <summary>Adds a test's own remark to the trace, text included.</summary>
    public void Note(string text)
    {
        foreach (var character in text)
        {
            Mix(character);
        }

        Record(TraceKind.Note, null, text.Length, text);
    }

    internal void Record(TraceKind kind, SimulatedHost? host, int size, string detail = "")
    {
        EventCount++;
        Mix((ulong)time.Elapsed.Ticks);
        Mix(((ulong)kind << 32) | (uint)(host?.Number ?? 0));
        Mix((ulong)size);
        if (_linesKept == 0)
        {
            return;
        }

        if (_lines.Count >= _linesKept)
        {
            _lines.Dequeue();
        }

        var seconds = time.Elapsed.TotalSeconds.ToString("F6", CultureInfo.InvariantCulture);
        _lines.Enqueue($"{seconds} {kind} {host?.Name ?? "-"} {size} {detail}".TrimEnd());
    }

    private void Mix(ulong word)
    {
        var hash = (Hash ^ word) * Prime;
        Hash = hash ^ (hash >> 29);
    }
}

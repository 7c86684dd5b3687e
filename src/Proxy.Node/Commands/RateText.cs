using System.Globalization;
using Proxy.Policy.Limits;

namespace Proxy.Node.Commands;

/// <summary>Sizes and rates on the command line, with their units.</summary>
internal static class RateText
{
    public const string Form = "RATE";

    private static readonly (string Suffix, long Bytes)[] SizeUnits =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("kB", 1000), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1), ("", 1),
    ];

    private static readonly (string Suffix, long Bits)[] BitUnits =
    [
        ("Kibit/s", 1L << 10), ("Mibit/s", 1L << 20), ("Gibit/s", 1L << 30), ("kbit/s", 1000), ("Kbit/s", 1000), ("Mbit/s", 1_000_000), ("Gbit/s", 1_000_000_000),
        ("bit/s", 1),
    ];

    /// <summary>Bytes a second, from 1 on: 500KB/s, 10MiB/s, 8Mbit/s.</summary>
    public static long Rate(string text, string option) => TryRate(text, out var bytes)
        ? bytes
        : throw new UsageException($"{option} '{text}': a rate is expected, such as 500KB/s, 10MiB/s or 8Mbit/s, from 1 B/s to 1000 GB/s");

    public static bool TryRate(string text, out long bytesPerSecond)
    {
        var bytes = text.EndsWith("bit/s", StringComparison.Ordinal) ? Number(text, BitUnits) / 8
            : text.EndsWith("/s", StringComparison.Ordinal) ? Number(text[..^2], SizeUnits)
            : null;
        bytesPerSecond = bytes is >= 1 and <= TokenBucket.MaximumPerSecond ? (long)bytes.Value : 0;
        return bytesPerSecond > 0;
    }

    /// <summary>Bytes, from 1 on: 1000, 500KB, 10MiB.</summary>
    public static long Size(string text, string option) => TrySize(text, out var bytes)
        ? bytes
        : throw new UsageException($"{option} '{text}': a size is expected, such as 1000, 500KB or 10MiB");

    public static bool TrySize(string text, out long bytes)
    {
        var number = Number(text, SizeUnits);
        bytes = number is >= 1 and <= MaximumSize ? (long)number.Value : 0;
        return bytes > 0;
    }

    private static decimal? Number(string text, (string Suffix, long Factor)[] units)
    {
        foreach (var (suffix, factor) in units)
        {
            if (text.EndsWith(suffix, StringComparison.Ordinal)
                && decimal.TryParse(text.AsSpan(0, text.Length - suffix.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                && number <= MaximumSize)
            {
                return number * factor;
            }
        }

        return null;
    }

    // An exabyte: more than any connection carries, and its product with any unit fits.
    private const decimal MaximumSize = 1_000_000_000_000_000_000;
}

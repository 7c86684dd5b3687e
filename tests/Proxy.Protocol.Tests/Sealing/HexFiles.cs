namespace Proxy.Protocol.Tests.Sealing;

/// <summary>The *.hex files beside the tests, which are built into them.</summary>
internal static class HexFiles
{
    public static byte[] Vector(string name) => Read($"Vectors/{name}.hex");

    /// <summary>Every file of the corpus that the fuzzers start from.</summary>
    public static IReadOnlyList<byte[]> Corpus { get; } =
        [.. typeof(HexFiles).Assembly.GetManifestResourceNames()
            .Where(name => !name.StartsWith(Robustness, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>The inputs of one of the decoders that read what is not sealed: what lies under <c>Robustness/Corpus</c> with its name in front.</summary>
    public static IReadOnlyList<byte[]> Of(string decoder) =>
        [.. typeof(HexFiles).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith($"{Robustness}{decoder}.", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Read)];

    private const string Robustness = "Robustness/";

    private static byte[] Read(string name)
    {
        using var stream = typeof(HexFiles).Assembly.GetManifestResourceStream(name) ?? throw new FileNotFoundException(name);
        using var reader = new StreamReader(stream);
        return Bytes.FromHex(reader.ReadToEnd());
    }
}

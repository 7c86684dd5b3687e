using System.Text.Json;
using Proxy.Hocon.Tests.Support;
using Proxy.TestKit;

namespace Proxy.Hocon.Tests.Robustness;

/// <summary>
/// Mutations of the corpus beside this file, which may include each other. Whatever comes of them, it ends, throws nothing, and is either a tree that
/// prints as JSON or errors with places. PROXY_SEEDS runs more of them; a text that once failed belongs into the corpus.
/// </summary>
public sealed class FuzzTests
{
    private const int TextsPerSeed = 50;

    private static readonly Dictionary<string, string> Variables = new() { ["ENV"] = "value", ["LIST.0"] = "x" };

    [Fact]
    public void Every_text_of_the_corpus_loads_or_fails_as_its_name_says()
    {
        foreach (var (name, _) in Corpus())
        {
            var result = Load(name, Corpus());

            Assert.Equal(name is not ("cycles.conf" or "escapes.conf"), result.IsSuccess);
            Check(result);
        }
    }

    [Fact]
    public void No_mutation_of_the_corpus_hangs_crashes_or_gives_half_a_result() => Property.Check(40, random =>
    {
        var corpus = Corpus();
        var texts = corpus.ConvertAll(file => file.Bytes);
        for (var run = 0; run < TextsPerSeed; run++)
        {
            var mutated = corpus.ConvertAll(file => random.Next(3) == 0 ? file with { Bytes = Mutate(random, texts) } : file);
            var (name, _) = mutated[random.Next(mutated.Count)];

            Check(Load(name, mutated));
        }
    });

    // Bytes at random, and pieces of the grammar at random places.
    private static byte[] Mutate(Random random, List<byte[]> texts)
    {
        ReadOnlySpan<string> pieces =
        [
            "${", "${?", "}", "{", "[", "]", "\"", "\"\"\"", "+=", "=", ":", ",", "\n", "#", "//", "include \"", "a",
            ".", "${a}", "${?c.d} ", "${item1}", " ", "\\u", "-1", "null",
        ];
        var bytes = Mutator.Mutate(random, texts).ToList();
        for (var left = random.Next(6); left > 0; left--)
        {
            bytes.InsertRange(random.Next(bytes.Count + 1), System.Text.Encoding.UTF8.GetBytes(pieces[random.Next(pieces.Length)]));
        }

        return [.. bytes];
    }

    private static HoconResult Load(string name, List<(string Name, byte[] Bytes)> corpus)
    {
        var files = new MemoryFiles();
        foreach (var (path, bytes) in corpus)
        {
            files.With(path, bytes);
        }

        var layers = new HoconLayers { Reference = "base { x = 1 }", Files = [name], Overrides = ["base.y=${?a}"] };
        return HoconDocument.Load(layers, new HoconOptions { Files = files, Environment = Variables });
    }

    private static void Check(HoconResult result)
    {
        Assert.Equal(result.IsSuccess, result.Errors.Count == 0);
        foreach (var error in result.Errors)
        {
            Assert.NotEqual(HoconOrigin.Unknown, error.Origin);
            Assert.True(error.Origin.Line > 0 || error.Kind == HoconErrorKind.File || error.Origin.Source.Kind != HoconOriginKind.File, error.ToString());
        }

        if (result.IsSuccess)
        {
            var json = result.Document.Root.ToString();
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 2000 });
            var again = HoconDocument.Load("again.json", new HoconOptions { Files = new MemoryFiles().With("again.json", json) });
            Assert.Equal(json, again.GetOrThrow().Root.ToString());
        }
    }

    private static List<(string Name, byte[] Bytes)> Corpus() =>
        [
            .. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Corpus"))
                .Order(StringComparer.Ordinal)
                .Select(file => (Path.GetFileName(file), File.ReadAllBytes(file))),
        ];
}

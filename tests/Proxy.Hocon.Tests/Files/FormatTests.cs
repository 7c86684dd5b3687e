using Proxy.Hocon.Tests.Support;

namespace Proxy.Hocon.Tests.Files;

/// <summary>What else than HOCON may be loaded, and the disk.</summary>
public sealed class FormatTests
{
    [Theory]
    [InlineData("""{"a":[1,-2.5e+3,true,false,null,"\u00e9\n"],"b":{}}""")]
    [InlineData("\ufeff {\"a\":1}")]
    [InlineData("[]")]
    public void A_json_file_is_read(string json) => Assert.True(Load("x.json", json).IsSuccess, json);

    [Theory]
    [InlineData("a = 1")]
    [InlineData("{a:1}")]
    [InlineData("""{"a":1,}""")]
    [InlineData("""{"a" = 1}""")]
    [InlineData("[1\n2]")]
    [InlineData("[01]")]
    [InlineData("[1.]")]
    [InlineData("[.5]")]
    [InlineData("[-]")]
    [InlineData("[+1]")]
    [InlineData("[tru]")]
    [InlineData("[1] # c")]
    [InlineData("[\"\"\"x\"\"\"]")]
    [InlineData("[\"\\q\"]")]
    [InlineData("[\"a\nb\"]")]
    [InlineData("[\"a")]
    [InlineData("[\u00a01]")]
    [InlineData("\"x\"")]
    [InlineData("")]
    [InlineData("[1,2")]
    [InlineData("[}")]
    public void A_json_file_is_strict(string text)
    {
        var error = Assert.Single(Load("x.json", text).Errors);

        Assert.Equal("x.json", error.Origin.Source.Name);
        Assert.True(error.Origin.Line >= 1);
    }

    [Fact]
    public void An_error_in_a_json_file_has_its_place() =>
        Assert.Equal("x.json:2:8", Assert.Single(Load("x.json", "{\n  \"a\": x\n}").Errors).Origin.ToString());

    [Fact]
    public void A_json_file_has_no_substitutions() => Assert.Equal("""{"a":"${b}"}""", Load("x.json", """{"a":"${b}"}""").GetOrThrow().Root.ToString());

    [Fact]
    public void Properties_are_read_as_Java_does()
    {
        const string Text = "# c\n! c\na.b = 1\na = x\nc:d\\u0021\\n\ne   f\ng = p\\\n   q\nh\n\\ i\\=j = k\na..c = 2\n";

        Assert.Equal(
            """{"a":{"b":"1","":{"c":"2"}},"c":"d!\n","e":"f","g":"pq","h":""," i=j":"k"}""", Load("x.properties", Text).GetOrThrow().Root.ToString());
    }

    [Fact]
    public void A_missing_main_file_is_an_error_that_names_it()
    {
        var result = HoconDocument.Load("nope.conf", new HoconOptions { Files = new MemoryFiles() });

        Assert.Equal(HoconErrorKind.File, Assert.Single(result.Errors).Kind);
        Assert.Equal(["nope.conf"], result.Files);
    }

    [Fact]
    public void Files_of_the_disk_are_found_from_their_base_and_beside_each_other()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "d"));
        File.WriteAllText(Path.Combine(folder.Path, "main.conf"), "include \"d/a\"\ninclude \"nope\\u0000\"\ninclude \"gone/x.conf\"");
        File.WriteAllText(Path.Combine(folder.Path, "d", "a.conf"), "include \"b.conf\"");
        File.WriteAllText(Path.Combine(folder.Path, "d", "b.conf"), "x = 1");

        var result = HoconDocument.Load("main.conf", new HoconOptions { Files = new HoconDiskFiles(folder.Path) });

        Assert.Equal("""{"x":1}""", result.GetOrThrow().Root.ToString());
        Assert.Equal(HoconErrorKind.File, Assert.Single(HoconDocument.Load(folder.Path).Errors).Kind);
    }

    private static HoconResult Load(string name, string text) =>
        HoconDocument.Load(name, new HoconOptions { Files = new MemoryFiles().With(name, text) });

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("hocon").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}

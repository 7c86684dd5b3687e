namespace Proxy.Hocon.Tests.Support;

/// <summary>Short forms of what the tests ask for over and over.</summary>
internal static class Hocon
{
    public static HoconValue Root(string text, IHoconFiles? files = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var result = Parse(text, files, environment);
        Assert.True(result.IsSuccess, string.Join('\n', result.Errors));
        return result.Document.Root;
    }

    public static string Json(string text, IHoconFiles? files = null, IReadOnlyDictionary<string, string>? environment = null) =>
        Root(text, files, environment).ToString();

    public static HoconSection Section(string text) => new(Root(text), HoconPath.Root);

    public static IReadOnlyList<HoconError> Errors(
        string text, IHoconFiles? files = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var result = Parse(text, files, environment);
        Assert.False(result.IsSuccess, result.Document?.Root.ToString());
        Assert.NotEmpty(result.Errors);
        return result.Errors;
    }

    public static HoconError Error(string text, IHoconFiles? files = null) => Assert.Single(Errors(text, files));

    private static HoconResult Parse(string text, IHoconFiles? files, IReadOnlyDictionary<string, string>? environment) =>
        HoconDocument.Parse(text, "main.conf", new HoconOptions { Files = files ?? new MemoryFiles(), Environment = environment });
}

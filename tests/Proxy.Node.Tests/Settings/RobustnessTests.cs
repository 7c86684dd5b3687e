using Proxy.Hocon;
using Proxy.Node.Settings;
using Proxy.TestKit;

namespace Proxy.Node.Tests.Settings;

/// <summary>Whatever stands at a setting, reading ends with settings or with errors that have a place.</summary>
public sealed class RobustnessTests : IDisposable
{
    private const string Base = """
        tcpproxy {
          principals { p { key.file = "p.key" } }
          servers { s { listen = "kcp://127.0.0.1:0" } }
          tunnels { t { servers = "kcp://127.0.0.1:1" } }
          chains { c { paths { a { tunnel = t } } } }
          upstreams { u { servers = "127.0.0.1:1" } }
          frontends { f { listen = "tcp://127.0.0.1:0", upstream = u } }
        }
        """;

    private static readonly string[] Values =
    [
        "", "-1", "0", "0.5", "1e999", "99999999999999999999", "-9999999d", "x", "::", "%", "0%", "\\", "/dev/null", "true", "null", "[]", "{}", "{ a = 1 }", "[[]]", "[{}]",
        "[null]", "[\"\", x, 1]", "{ 0 = a, 1 = b }", "${?nothing}",
    ];

    private static readonly Dictionary<string, string> Entries = new()
    {
        ["defaults.principal"] = "principals.p",
        ["defaults.server"] = "servers.s",
        ["defaults.tunnel"] = "tunnels.t",
        ["defaults.chain"] = "chains.c",
        ["defaults.path"] = "chains.c.paths.a",
        ["defaults.upstream"] = "upstreams.u",
        ["defaults.frontend"] = "frontends.f",
    };

    private readonly SettingsText _texts = new();

    public RobustnessTests()
    {
        _texts.Key("p.key", 1);
        _texts.Environment["TCPPROXY_KEY"] = Convert.ToBase64String(new byte[32]);
    }

    private static readonly string[] Paths = [.. PathsIn(HoconDocument.Parse(ReferenceText.Read()).GetOrThrow().Section.Value, "")
        .Select(path => path["tcpproxy.".Length..])
        .SelectMany(path => Entries.Where(entry => path.StartsWith(entry.Key, StringComparison.Ordinal)).Select(entry => entry.Value + path[entry.Key.Length..]).Append(path))];

    public void Dispose() => _texts.Dispose();

    [Fact]
    public void What_is_altered_is_right_before() => Assert.NotNull(_texts.Load(Base));

    [Fact]
    public void Anything_at_a_setting_is_read_or_refused_with_its_place() => Property.Check(runs: 1000, random =>
    {
        var setting = $"{Paths[random.Next(Paths.Length)]}={Values[random.Next(Values.Length)]}";
        var result = _texts.Read(Base, setting);

        Assert.True(result.Settings is null == result.ErrorCount > 0, setting);
        Assert.All(result.Errors, error => Assert.True(error.Message.Length > 0 && error.Origin.ToString().Length > 0, $"{setting}: {error}"));
    });

    // Every object and every leaf but the root.
    private static IEnumerable<string> PathsIn(HoconValue value, string path) => value is HoconObject inside
        ? inside.SelectMany(field => PathsIn(field.Value, $"{path}{(path.Length == 0 ? "" : ".")}{field.Key}")).Concat(path.Contains('.', StringComparison.Ordinal) ? [path] : [])
        : [path];
}

using Proxy.Hocon.Tests.Support;

namespace Proxy.Hocon.Tests.Layers;

public sealed class LayerTests
{
    private readonly MemoryFiles _files = new();

    [Fact]
    public void Reference_files_environment_and_overrides_lie_over_each_other_in_this_order()
    {
        _files.With("1.conf", "p { b = file1, c = file1, d = file1, e = file1 }").With("2.conf", "p { c = file2, d = file2, e = file2 }");

        var root = Load(new HoconLayers
        {
            Reference = "p { a = ref, b = ref, c = ref, d = ref, e = ref }",
            Files = ["1.conf", "2.conf"],
            Scope = "p",
            IncludesEnvironment = true,
            Overrides = ["e=first", "e=set"],
        }, ("P__d", "env"), ("P__e", "env"));

        Assert.Equal("""{"p":{"a":"ref","b":"file1","c":"file2","d":"env","e":"set"}}""", root.ToString());
        Assert.Equal(
            ["reference.conf:1:9", "1.conf:1:9", "2.conf:1:9", "environment variable P__d", "--set e=set"],
            ((HoconObject)root["p"]).Values.Select(value => value.Origin.ToString()));
    }

    [Fact]
    public void A_variable_names_a_path_with_two_underscores_between_keys_and_one_for_a_dash()
    {
        var root = Load(
            new HoconLayers { Scope = "tcpproxy", IncludesEnvironment = true },
            ("TCPPROXY__frontends__web__timeouts__half_close", "30s"), ("TCPPROXY_KEY", "secret"), ("tcpproxy__x", "1"), ("OTHER", "1"));

        Assert.Equal("""{"tcpproxy":{"frontends":{"web":{"timeouts":{"half-close":"30s"}}}}}""", root.ToString());
    }

    [Fact]
    public void Without_being_asked_for_the_environment_is_no_layer() =>
        Assert.Equal("{}", Load(new HoconLayers { Scope = "p" }, ("P__a", "1")).ToString());

    [Theory]
    [InlineData("10.0.0.1:80", "\"10.0.0.1:80\"")]
    [InlineData("kcp://[::1]:4000", "\"kcp://[::1]:4000\"")]
    [InlineData("a#b // c", "\"a#b // c\"")]
    [InlineData("", "\"\"")]
    [InlineData("42", "42")]
    [InlineData("true", "true")]
    [InlineData("null", "null")]
    [InlineData("\"42\"", "\"42\"")]
    [InlineData("[a, \"b:c\"]", "[\"a\",\"b:c\"]")]
    [InlineData("{ x = 1, y { z = 2 } }", """{"x":1,"y":{"z":2}}""")]
    [InlineData("${other} [2]", "[1,2]")]
    public void A_value_is_the_text_itself_unless_it_starts_like_one_that_has_to_be_parsed(string text, string json)
    {
        Assert.Equal(json, Load(new HoconLayers { Reference = "other = [1]", Overrides = [$"a.b={text}"] }).Find(HoconPath.Parse("a.b"))!.ToString());
        var fromVariable = Load(new HoconLayers { Reference = "other = [1]", Scope = "a", IncludesEnvironment = true }, ("A__b", text));
        Assert.Equal(json, fromVariable.Find(HoconPath.Parse("a.b"))!.ToString());
    }

    [Fact]
    public void Substitutions_see_what_the_upper_layers_say()
    {
        _files.With("1.conf", "base { port = 2 }");

        Assert.Equal(
            """{"base":{"port":3},"a":{"port":3},"l":["x","y"]}""",
            Load(new HoconLayers { Reference = "base { port = 1 }, a = ${base}, l = [x]", Files = ["1.conf"], Overrides = ["base.port=3", "l=${l} [y]"] })
                .ToString());
    }

    [Fact]
    public void A_scalar_between_two_objects_cuts_the_older_one_off()
    {
        _files.With("1.conf", "a = 42").With("2.conf", "a { x = 1 }");

        Assert.Equal("""{"a":{"x":1}}""", Load(new HoconLayers { Reference = "a { y = 1 }", Files = ["1.conf", "2.conf"] }).ToString());
    }

    [Fact]
    public void Errors_of_all_layers_are_reported_together_and_each_names_its_layer()
    {
        var result = HoconDocument.Load(
            new HoconLayers
            {
                Reference = "a = *",
                Files = ["1.conf", "nope.conf", "list.conf"],
                Scope = "p",
                IncludesEnvironment = true,
                Overrides = ["nothing", ".x=1", "x=[1", "y=\"z\" }"],
            },
            new HoconOptions
            {
                Files = _files.With("1.conf", "b = *").With("list.conf", "[1]"),
                Environment = new Dictionary<string, string> { ["P__a____b"] = "1", ["P__c"] = "[1" },
            });

        Assert.Equal(
            [
                "reference.conf:1:5", "1.conf:1:5", "nope.conf", "list.conf:1:1", "environment variable P__a____b", "environment variable P__c",
                "--set nothing", "--set .x=1", "--set x=[1", "--set y=\"z\" }",
            ],
            result.Errors.Select(error => error.Origin.ToString()));
    }

    [Fact]
    public void The_same_arguments_give_the_same_tree_whatever_order_the_environment_has()
    {
        (string, string)[] variables = [("P__a", "1"), ("P__a__b", "2"), ("P__c", "3")];
        var layers = new HoconLayers { Scope = "p", IncludesEnvironment = true };

        Assert.Equal(Load(layers, variables).ToString(), Load(layers, [.. variables.Reverse()]).ToString());
    }

    private HoconObject Load(HoconLayers layers, params (string Name, string Value)[] environment)
    {
        var options = new HoconOptions { Files = _files, Environment = environment.ToDictionary(pair => pair.Name, pair => pair.Value) };
        return (HoconObject)HoconDocument.Load(layers, options).GetOrThrow().Root;
    }
}

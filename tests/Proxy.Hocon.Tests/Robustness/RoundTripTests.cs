using Proxy.Hocon.Tests.Support;
using Proxy.TestKit;

namespace Proxy.Hocon.Tests.Robustness;

public sealed class RoundTripTests
{
    [Fact]
    public void A_tree_comes_back_from_every_way_of_writing_it() => Property.Check(400, random =>
    {
        var (json, hocon) = new RandomTree(random).Next(depth: 4);

        Assert.Equal(json, Support.Hocon.Json(hocon));
    });

    [Fact]
    public void A_tree_comes_back_from_its_JSON_as_HOCON_and_as_strict_JSON() => Property.Check(400, random =>
    {
        var root = Support.Hocon.Root(new RandomTree(random).Next(depth: 4).Hocon);
        var text = HoconJson.Render(root, isIndented: random.Next(2) == 0);

        var files = new MemoryFiles().With("x.json", text).With("x.conf", text);

        Assert.Equal(root.ToString(), HoconDocument.Load("x.json", new HoconOptions { Files = files }).GetOrThrow().Root.ToString());
        Assert.Equal(root.ToString(), HoconDocument.Load("x.conf", new HoconOptions { Files = files }).GetOrThrow().Root.ToString());
    });

    [Fact]
    public void Splitting_a_text_into_layers_does_not_change_what_it_says() => Property.Check(200, random =>
    {
        var texts = Enumerable.Range(0, 3).Select(_ => new RandomTree(random).Next(depth: 2).Hocon).ToList();
        var files = new MemoryFiles().With("0.conf", texts[0]).With("1.conf", texts[1]).With("2.conf", texts[2]);
        var options = new HoconOptions { Files = files };

        var layered = HoconDocument.Load(new HoconLayers { Files = ["0.conf", "1.conf", "2.conf"] }, options);
        var included = Support.Hocon.Json("include \"0.conf\"\ninclude \"1.conf\"\ninclude \"2.conf\"", files);

        Assert.Equal(included, layered.GetOrThrow().Root.ToString());
    });
}

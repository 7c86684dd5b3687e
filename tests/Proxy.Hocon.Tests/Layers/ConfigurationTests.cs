using Microsoft.Extensions.Configuration;
using Proxy.Hocon.Configuration;
using Proxy.Hocon.Tests.Support;

namespace Proxy.Hocon.Tests.Layers;

/// <summary>HOCON as a source of .NET's own configuration.</summary>
public sealed class ConfigurationTests
{
    [Fact]
    public void Keys_are_joined_by_colons_and_lists_are_numbered()
    {
        var configuration = Build("a { b = 1.50, c = [x, { d = true }], e = null, f = [], g {} }", new MemoryFiles());

        Assert.Equal("1.50", configuration["a:b"]);
        Assert.Equal("x", configuration["A:C:0"]);
        Assert.Equal("true", configuration["a:c:1:d"]);
        Assert.Null(configuration["a:e"]);
        Assert.Equal("", configuration["a:f"]);
        Assert.True(configuration.GetSection("a:c").GetChildren().Count() == 2);
    }

    [Fact]
    public void A_file_is_added_as_AddJsonFile_adds_one()
    {
        var folder = Directory.CreateTempSubdirectory("hocon");
        try
        {
            var path = Path.Combine(folder.FullName, "app.conf");
            File.WriteAllText(path, "port = 80, port = ${?PORT}");
            var environment = new Dictionary<string, string> { ["PORT"] = "81" };

            Assert.Equal("80", new ConfigurationBuilder().AddHoconFile(path).Build()["port"]);
            Assert.Equal("81", new ConfigurationBuilder().AddHoconFile(path, environment: environment).Build()["port"]);
            Assert.Null(new ConfigurationBuilder().AddHoconFile(path + ".nope", optional: true).Build()["port"]);
            Assert.Throws<HoconException>(() => new ConfigurationBuilder().AddHoconFile(path + ".nope").Build());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_reload_takes_new_values_and_one_that_fails_keeps_the_old()
    {
        var files = new MemoryFiles().With("a.conf", "x = 1");
        var configuration = new ConfigurationBuilder().AddHocon(new HoconLayers { Files = ["a.conf"] }, new HoconOptions { Files = files }).Build();

        files.With("a.conf", "x = 2");
        configuration.Reload();
        Assert.Equal("2", configuration["x"]);

        files.With("a.conf", "x = *");
        Assert.Throws<HoconException>(configuration.Reload);
        Assert.Equal("2", configuration["x"]);
    }

    private static IConfigurationRoot Build(string text, MemoryFiles files) =>
        new ConfigurationBuilder().AddHocon(new HoconLayers { Reference = text }, new HoconOptions { Files = files }).Build();
}

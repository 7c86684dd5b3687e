using Proxy.Node.Settings;

namespace Proxy.Node.Tests.Settings;

/// <summary>Reads configuration from texts of a test, with an environment of its own.</summary>
internal sealed class SettingsText : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tcpproxy-settings-");

    public Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal);

    /// <summary>The full path of a file of the test.</summary>
    public string Path(string name) => System.IO.Path.Combine(_directory.FullName, name);

    /// <summary>The full path of a file with this content, beside the others.</summary>
    public string File(string name, string content)
    {
        var path = Path(name);
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    /// <summary>A file with a key, as it has to be.</summary>
    public string Key(string name, byte value)
    {
        var path = File(name, Convert.ToBase64String(Enumerable.Repeat(value, 32).ToArray()) + "\n");
        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return path;
    }

    public SettingsResult Read(string text, params string[] overrides) => ReadFiles([File("test.conf", text)], overrides);

    public SettingsResult ReadFiles(string[] files, params string[] overrides) =>
        new SettingsSource { Files = files, Overrides = overrides, Environment = Environment, IsCheckOnly = true }.Read();

    /// <summary>What the text means; the test fails where it means nothing.</summary>
    public LoadedSettings Load(string text, params string[] overrides)
    {
        var result = Read(text, overrides);
        Assert.True(result.Settings is not null, result.Describe());
        return result.Settings;
    }

    /// <summary>The errors of a text, without the directory in front.</summary>
    public IReadOnlyList<string> Errors(string text, params string[] overrides) =>
        [.. Read(text, overrides).Errors.Select(error => error.ToString().Replace(_directory.FullName + System.IO.Path.DirectorySeparatorChar, "", StringComparison.Ordinal))];

    public void Dispose() => _directory.Delete(recursive: true);
}

using System.Collections;
using Proxy.Hocon;

namespace Proxy.Node.Settings;

/// <summary>
/// Where the settings of a node come from. Reading it again, at any time, gives what the files and the environment say by then: either all
/// settings, or everything that is wrong with them, and nothing of the program has changed.
/// </summary>
internal sealed record SettingsSource
{
    /// <summary>Everything lies below this key, and variables of the environment begin with its capitals.</summary>
    public const string Scope = "tcpproxy";

    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Settings as <c>path=value</c>, below the scope.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = OfProcess();

    /// <summary>Whether it is only asked if the settings are right, so that nothing is written: no secret that is kept over a restart.</summary>
    public bool IsCheckOnly { get; init; }

    /// <summary>Reads everything: the layers, what they mean, and the files that they name.</summary>
    public SettingsResult Read()
    {
        var loaded = Load();
        return loaded.Document is { } document
            ? NodeReader.Read(document, loaded.Files, this)
            : new SettingsResult(null, loaded.Errors, loaded.Errors.Count, loaded.Files);
    }

    /// <summary>The defaults, the files, the environment and the overrides, resolved together.</summary>
    public HoconResult Load() => HoconDocument.Load(
        new HoconLayers
        {
            Reference = ReferenceText.Read(),
            ReferenceName = ReferenceText.Name,
            Files = Files,
            Scope = Scope,
            IncludesEnvironment = true,
            Overrides = Overrides,
        },
        Options);

    /// <summary>The files and the overrides, and nothing else but what they refer to.</summary>
    public HoconResult LoadFilesAlone() => this is { Files: [var only], Overrides: [] }
        ? HoconDocument.Load(only, Options)
        : HoconDocument.Load(new HoconLayers { Files = Files, Scope = Scope, Overrides = Overrides }, Options);

    private HoconOptions Options => new() { Environment = Environment };

    private static Dictionary<string, string> OfProcess()
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            variables[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        return variables;
    }
}

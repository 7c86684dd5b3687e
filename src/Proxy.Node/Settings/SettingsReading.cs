using Proxy.Hocon;

namespace Proxy.Node.Settings;

/// <summary>
/// One reading of a configuration: gathers what is wrong, so that all of it is told at once, and every object that was looked into, so that
/// what nobody asked for is told as well.
/// </summary>
internal sealed class SettingsReading
{
    // Nobody corrects more at once, and what is behind them mostly follows from them.
    public const int MaximumErrors = 100;

    private readonly List<HoconError> _errors = [];
    private readonly List<SettingsObject> _objects = [];
    private readonly List<string> _files = [];

    /// <summary>The first of them, at most <see cref="MaximumErrors"/>.</summary>
    public IReadOnlyList<HoconError> Errors => _errors;

    /// <summary>Also those that are not kept.</summary>
    public int ErrorCount { get; private set; }

    /// <summary>Every object that is there and was looked into.</summary>
    public IReadOnlyList<SettingsObject> Objects => _objects;

    /// <summary>Files that the settings name and that were read: keys, certificates, lists.</summary>
    public IReadOnlyList<string> Files => _files;

    /// <summary>The object at a path of the document; where none is, one without settings.</summary>
    public SettingsObject Open(HoconDocument document, string key)
    {
        if (document.Section.TryGetKey(key, out var section, out var error))
        {
            return new SettingsValue(this, section).AsObject();
        }

        Add(error);
        return new SettingsObject(this, document.Section);
    }

    public void Add(HoconError error)
    {
        ErrorCount++;
        if (_errors.Count < MaximumErrors)
        {
            _errors.Add(error);
        }
    }

    public void AddFile(string path) => _files.Add(path);

    /// <summary>The errors as somebody goes through the files: one after the other, each from its beginning.</summary>
    public IReadOnlyList<HoconError> InOrder() =>
        [.. _errors.GroupBy(error => error.Origin.Source.Name).SelectMany(file => file.OrderBy(error => error.Origin.Line).ThenBy(error => error.Origin.Column))];

    /// <summary>To be called last: what no reader asked for is an error.</summary>
    public void RefuseUnknown()
    {
        foreach (var inside in _objects)
        {
            inside.RefuseUnknown();
        }
    }

    internal void Register(SettingsObject inside) => _objects.Add(inside);
}

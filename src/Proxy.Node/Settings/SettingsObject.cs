using Proxy.Hocon;

namespace Proxy.Node.Settings;

/// <summary>
/// One object of a configuration while it is read. Each getter gives what is set there, or what the caller has for the case that nothing is:
/// the default, or what stands in the table of defaults. What is wrong is reported and counts as not set. A reader asks for every key that its
/// object may have, whatever the others say; what nobody asked for is unknown.
/// </summary>
internal sealed class SettingsObject
{
    private readonly SettingsReading _reading;
    private readonly HoconObject? _fields;
    private readonly HoconSection _section;
    private readonly List<string> _known = [];
    private Dictionary<string, SettingsObject>? _inside;

    /// <summary>One that is not there, which has no settings.</summary>
    /// <param name="around">What it would be inside, for errors.</param>
    internal SettingsObject(SettingsReading reading, HoconSection around)
    {
        (_reading, _section) = (reading, around);
    }

    internal SettingsObject(SettingsReading reading, HoconSection section, HoconObject fields)
    {
        (_reading, _section, _fields) = (reading, section, fields);
        reading.Register(this);
    }

    /// <summary>Whether there is such an object.</summary>
    public bool IsThere => _fields is not null;

    /// <summary>Whether its keys are names that users give.</summary>
    public bool IsTable { get; private set; }

    /// <summary>The keys that were asked for.</summary>
    public IReadOnlyList<string> Known => _known;

    /// <summary>The keys that are there.</summary>
    public IEnumerable<string> Keys => _fields?.Keys ?? [];

    /// <summary>What is set at a key. Null: nothing. Null as a value is an error: there is no default behind it.</summary>
    public SettingsValue? Find(string key) => TryFind(key, isNullPossible: false, out var value) ? value : null;

    public bool Switch(string key, bool missing) => Find(key)?.Switch() ?? missing;

    public TimeSpan Duration(string key, TimeSpan missing) => Find(key)?.Duration() ?? missing;

    public TimeSpan Wait(string key, TimeSpan missing) => Find(key)?.Wait() ?? missing;

    public int Whole(string key, int missing, int lowest, int highest) => (int)(Find(key)?.Whole(lowest, highest) ?? missing);

    /// <summary>A limit that 0 turns off; off is the largest number.</summary>
    public int Limit(string key, int missing) => Find(key)?.Whole(0, int.MaxValue) switch
    {
        null => missing,
        0 => int.MaxValue,
        var limit => (int)limit,
    };

    public int Size(string key, int missing, int lowest, int highest) => (int)(Find(key)?.Size(lowest, highest) ?? missing);

    public long Rate(string key, long missing) => Find(key)?.Rate() ?? missing;

    public T Choice<T>(string key, T missing, params ReadOnlySpan<(string Word, T Meaning)> choices)
        where T : struct => Find(key)?.Choice(choices) ?? missing;

    public string Text(string key, string missing) => Find(key)?.Text() ?? missing;

    public IReadOnlyList<string> Texts(string key, IReadOnlyList<string> missing) => Find(key)?.Texts() ?? missing;

    /// <summary>What is set at a key that may be null, which takes away what would hold otherwise.</summary>
    /// <param name="missing">For the case that nothing is set, or something that can not be read.</param>
    public T? Optional<T>(string key, T? missing, Func<SettingsValue, T?> read)
        where T : class =>
        !TryFind(key, isNullPossible: true, out var value) ? missing : value is { } set ? read(set) ?? missing : null;

    /// <summary>The same for numbers and their like.</summary>
    public T? OptionalValue<T>(string key, T? missing, Func<SettingsValue, T?> read)
        where T : struct =>
        !TryFind(key, isNullPossible: true, out var value) ? missing : value is { } set ? read(set) ?? missing : null;

    /// <summary>The object at a key; one without settings where there is none.</summary>
    public SettingsObject Inside(string key)
    {
        if (_fields is null)
        {
            return this;
        }

        _inside ??= [];
        if (!_inside.TryGetValue(key, out var inside))
        {
            inside = Find(key)?.AsObject() ?? new SettingsObject(_reading, _section);
            _inside.Add(key, inside);
        }

        return inside;
    }

    /// <summary>The objects of a table by their names, in their order. Null removes one.</summary>
    public IEnumerable<KeyValuePair<string, SettingsObject>> Entries(string key)
    {
        var table = Inside(key);
        table.IsTable = true;
        foreach (var name in table.Keys)
        {
            if (table.TryFind(name, isNullPossible: true, out var entry) && entry is { } there)
            {
                var inside = there.AsObject();
                (table._inside ??= []).Add(name, inside);
                yield return KeyValuePair.Create(name, inside);
            }
        }
    }

    /// <summary>Whether nothing is set at a key, or an empty list; what is there and wrong has been reported.</summary>
    public bool Lacks(string key) => _fields is null || !_fields.TryGetValue(key, out var value) || value is HoconList { Count: 0 } || value.Kind == HoconKind.Null;

    /// <summary>Reports that something is missing or contradictory in this object.</summary>
    public void Wrong(string message, string hint = "") => _reading.Add(_section.Error(message, hint));

    /// <summary>The same, at what is set at a key, or else here.</summary>
    public void WrongAt(string key, string message, string hint = "")
    {
        var place = _fields?.ContainsKey(key) == true && _section.TryGetKey(key, out var there, out _) ? there : _section;
        _reading.Add(place.Error(message, hint));
    }

    internal void RefuseUnknown()
    {
        foreach (var key in IsTable ? [] : Keys)
        {
            if (!_known.Contains(key))
            {
                // Null or not, the section is that of the key.
                _ = _section.TryGetKey(key, out var unknown, out _);
                _reading.Add(unknown.Error($"there is no setting '{Spelling.Shorten(key)}' here", Spelling.Hint(key, _known)));
            }
        }
    }

    // True where the key is there; the value is null where that is what is there.
    private bool TryFind(string key, bool isNullPossible, out SettingsValue? value)
    {
        value = null;
        if (_fields is null)
        {
            return false;
        }

        if (!IsTable)
        {
            _known.Add(key);
        }

        if (!_fields.ContainsKey(key))
        {
            return false;
        }

        if (_section.TryGetKey(key, out var section, out var isNull))
        {
            value = new SettingsValue(_reading, section);
        }
        else if (!isNullPossible)
        {
            _reading.Add(isNull);
            return false;
        }

        return true;
    }
}

using System.Globalization;
using System.Text;

namespace Proxy.Node.Filters;

/// <summary>
/// The text of one <c>--filter</c>, taken apart: items between commas, each a word, or a name and a value around its first equals sign. In a
/// value <c>\,</c> stands for a comma, <c>\\</c> for a backslash, <c>\r</c>, <c>\n</c> and <c>\t</c> for what they usually do, and <c>\x41</c>
/// for any byte; everything else is UTF-8.
/// </summary>
internal sealed class FilterSpec
{
    private readonly List<Item> _items;
    private readonly string _place;

    private FilterSpec(string text, List<Item> items, string place = "--filter ")
    {
        (Text, _items, _place) = (text, items, place);
    }

    /// <summary>As it was given.</summary>
    public string Text { get; }

    /// <summary>What kind of filter it asks for.</summary>
    public string Kind => _items[0].Name;

    /// <summary>What stands behind the kind.</summary>
    public FilterValue Value => _items[0].Value ?? throw Wrong($"{Kind}=VALUE is expected");

    public static FilterSpec Parse(string text)
    {
        var items = new List<Item>();
        var spec = new FilterSpec(text, items);
        foreach (var part in Split(text))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            items.Add(equals < 0
                ? new Item(part, part, null)
                : new Item(part, part[..equals], spec.Unescape(part[(equals + 1)..])));
        }

        return spec;
    }

    /// <summary>The same from settings that are taken apart already; escapes in values are the same.</summary>
    /// <param name="values">What stands behind the kind, at least one.</param>
    public static FilterSpec Of(string kind, IReadOnlyList<string> values, IReadOnlyList<(string Name, string Value)> options)
    {
        var items = new List<Item>();
        var text = string.Join(',', options.Select(option => $"{option.Name}={option.Value}").Prepend($"{kind}={string.Join(',', values)}"));
        var spec = new FilterSpec(text, items, place: "");
        items.Add(new Item(kind, kind, spec.Unescape(values[0])));
        items.AddRange(options.Select(option => new Item($"{option.Name}={option.Value}", option.Name, spec.Unescape(option.Value))));
        items.AddRange(values.Skip(1).Select(value => new Item(value, value, null)));
        return spec;
    }

    /// <summary>The value of an option of the filter, null where it is not given; it is taken out, so that <see cref="RequireNothingLeft"/> knows.</summary>
    public FilterValue? Take(string name)
    {
        for (var index = 1; index < _items.Count; index++)
        {
            if (_items[index].Name == name && _items[index].Value is { } value)
            {
                _items.RemoveAt(index);
                return value;
            }
        }

        return null;
    }

    public FilterValue Require(string name) => Take(name) ?? throw Wrong($"{name}=VALUE is missing");

    /// <summary>All that is left, as values of the kind's own list.</summary>
    public IEnumerable<FilterValue> TakeRest()
    {
        var rest = _items.Skip(1).Select(item => Unescape(item.Text)).ToArray();
        _items.RemoveRange(1, _items.Count - 1);
        return rest;
    }

    public void RequireNothingLeft()
    {
        if (_items.Count > 1)
        {
            throw Wrong($"'{_items[1].Text}' is no option of {Kind}");
        }
    }

    /// <summary>The text is none that a filter can be made from.</summary>
    public UsageException Wrong(string what) => new($"{_place}'{Text}': {what}");

    /// <summary>The text is understood, and what it names is not as it must be.</summary>
    public ConfigurationException Refusal(string why) => new($"{_place}'{Text}': {why}");

    /// <summary>At commas that no backslash stands before.</summary>
    private static IEnumerable<string> Split(string text)
    {
        var start = 0;
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] == '\\')
            {
                index++;
            }
            else if (text[index] == ',')
            {
                yield return text[start..index];
                start = index + 1;
            }
        }

        yield return text[start..];
    }

    private FilterValue Unescape(string text)
    {
        var bytes = new List<byte>();
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            var backslash = rest.IndexOf('\\');
            var plain = backslash < 0 ? rest : rest[..backslash];
            bytes.AddRange(Encoding.UTF8.GetBytes(plain.ToString()));
            rest = rest[plain.Length..];
            if (!rest.IsEmpty)
            {
                bytes.Add(Escaped(rest, out var length));
                rest = rest[length..];
            }
        }

        return new FilterValue([.. bytes], text);
    }

    private byte Escaped(ReadOnlySpan<char> text, out int length)
    {
        length = 2;
        switch (text.Length > 1 ? text[1] : ' ')
        {
            case ',':
                return (byte)',';
            case '\\':
                return (byte)'\\';
            case 'r':
                return (byte)'\r';
            case 'n':
                return (byte)'\n';
            case 't':
                return (byte)'\t';
            case 'x' when text.Length >= 4 && byte.TryParse(text[2..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value):
                length = 4;
                return value;
            default:
                throw Wrong(@"a backslash is followed by one of , \ r n t, or by x and two hex digits");
        }
    }

    private sealed record Item(string Text, string Name, FilterValue? Value);
}

/// <summary>A value of a filter: any bytes, which most are text.</summary>
/// <param name="Raw">As it was given, with its escapes.</param>
internal sealed record FilterValue(byte[] Bytes, string Raw)
{
    public string Text => Encoding.UTF8.GetString(Bytes);
}

using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Resolution;

internal sealed partial class Resolver
{
    private HoconValue? Join(ConcatNode concat, View view, int below)
    {
        var values = new List<(HoconValue Value, bool IsBlank)>(concat.Parts.Count);
        foreach (var part in concat.Parts)
        {
            if ((part.Node is ObjectNode ? ValueOf(View.Element(view, part.Node)) : ValueOf(part.Node, view, below)) is { } value)
            {
                values.Add((value, part.IsBlank));
            }
        }

        if (values.Exists(part => ReferenceEquals(part.Value, FailedValue)))
        {
            return FailedValue;
        }

        var solid = values.FindAll(part => !part.IsBlank);
        var hasList = solid.Exists(part => part.Value is HoconList);
        if (hasList || solid.Exists(part => part.Value is HoconObject))
        {
            return JoinContainers(concat, solid.ConvertAll(part => part.Value), hasList, view);
        }

        return values.Count switch
        {
            0 => null,
            1 when !values[0].IsBlank => values[0].Value,
            _ => JoinText(values.ConvertAll(part => (HoconScalar)part.Value), concat.Origin, view),
        };
    }

    private HoconValue? JoinContainers(ConcatNode concat, List<HoconValue> values, bool hasList, View view)
    {
        HoconValue? joined = null;
        foreach (var value in values)
        {
            var next = hasList && value is HoconObject numbered ? numbered.AsList() : value;
            if (next is null || (hasList ? next is not HoconList : next is not HoconObject))
            {
                Report(
                    HoconErrorKind.Mixed, $"{Describe(value)} stands beside {(hasList ? "a list" : "an object")}", concat.Origin, view,
                    $"text, lists and objects join only their own kind; it comes from {value.Origin}");
                return FailedValue;
            }

            joined = joined is null ? next
                : hasList ? Append((HoconList)joined, (HoconList)next)
                : Merge((HoconObject)next, (HoconObject)joined, view);
            if (_charged > _maximumSize)
            {
                ReportSize(view);
                return FailedValue;
            }

            if (ReferenceEquals(joined, FailedValue))
            {
                return FailedValue;
            }
        }

        return joined is null ? null : Bounded(joined, view);
    }

    private HoconList Append(HoconList first, HoconList second)
    {
        _charged += (long)(second.Count + (first.IsCopiedByAppend ? first.Count : 0)) * HoconValue.NodeSize;
        return first.Append(second);
    }

    private static string Describe(HoconValue value) => value.Kind switch
    {
        HoconKind.Object => "an object",
        HoconKind.List => "a list",
        HoconKind.Null => "null",
        _ => $"the {value.Kind.ToString().ToLowerInvariant()} '{Shorten(((HoconScalar)value).Text)}'",
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private HoconScalar JoinText(List<HoconScalar> parts, HoconOrigin origin, View view)
    {
        var length = parts.Sum(part => (long)part.Text.Length);
        _charged += length;
        if (_charged > _maximumSize)
        {
            ReportSize(view);
            return FailedValue;
        }

        var text = string.Create((int)length, parts, static (rest, parts) =>
        {
            foreach (var part in parts)
            {
                part.Text.CopyTo(rest);
                rest = rest[part.Text.Length..];
            }
        });
        return HoconScalar.String(text, origin);
    }
}

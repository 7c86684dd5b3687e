using System.Text.Json;
using Proxy.Hocon.Tests.Support;

namespace Proxy.Hocon.Tests.Conformance;

public sealed class TypedCaseTests
{
    public static bool CasesArePresent => CaseFiles.ArePresent;

    [Fact(Skip = CaseFiles.Absent, SkipUnless = nameof(CasesArePresent))]
    public void Every_getter_gives_what_the_one_of_the_reference_implementation_gives()
    {
        var cases = CaseFiles.Read("typed-cases.json");

        var failures = cases.Select(Run).Where(failure => failure.Length > 0).ToList();

        Assert.NotEmpty(cases);
        Assert.True(failures.Count == 0, $"{failures.Count} of {cases.Count} differ:\n{string.Join('\n', failures)}");
    }

    private static string Run(JsonElement test)
    {
        var (path, kind) = (test.GetProperty("path").GetString()!, test.GetProperty("as").GetString()!);
        object? value = kind == "path-elements"
            ? HoconPath.TryParse(path, out var parsed, out _) ? parsed.Keys : null
            : Get(Support.Hocon.Section(test.GetProperty("hocon").GetString()!), path, kind);
        var isEqual = test.TryGetProperty("error", out _) ? value is null : value is not null && Matches(test.GetProperty("value"), value);
        return isEqual ? "" : $"{test.GetProperty("name").GetString()}: {value ?? "an error"}";
    }

    private static bool Matches(JsonElement expected, object value) => value switch
    {
        IEnumerable<string> texts => texts.SequenceEqual(expected.EnumerateArray().Select(item => item.GetString()!)),
        IEnumerable<long> numbers => numbers.SequenceEqual(expected.EnumerateArray().Select(item => item.GetInt64())),
        string text => text == expected.GetString(),
        bool boolean => boolean == expected.GetBoolean(),
        double number => number.Equals(expected.GetDouble()),
        _ => (long)value == expected.GetInt64(),
    };

    private static object? Get(HoconSection section, string path, string kind) => kind switch
    {
        "duration-nanos" => section.TryGetNanoseconds(path, out var nanoseconds, out _) ? nanoseconds : null,
        "bytes" => section.TryGetSize(path, out var bytes, out _) ? bytes : null,
        "boolean" => section.TryGetBool(path, out var boolean, out _) ? boolean : null,
        "int" => section.TryGetInt(path, out var number, out _) ? (long)number : null,
        "long" => section.TryGetLong(path, out var number, out _) ? number : null,
        "double" => section.TryGetDouble(path, out var number, out _) ? number : null,
        "string" => section.TryGetString(path, out var text, out _) ? text : null,
        "has-path" => section.Has(path),
        "string-list" => section.TryGetStrings(path, out var texts, out _) ? texts : null,
        "bytes-list" or "int-list" => Numbers(section, path, kind),
        _ => throw new InvalidOperationException($"The case asks for {kind}."),
    };

    private static List<long>? Numbers(HoconSection section, string path, string kind)
    {
        if (!section.TryGetList(path, out var items, out _))
        {
            return null;
        }

        var values = new List<long>();
        foreach (var item in items)
        {
            if (kind == "bytes-list" ? !item.TryGetSize("", out var value, out _) : !item.TryGetLong("", out value, out _))
            {
                return null;
            }

            values.Add(value);
        }

        return values;
    }
}

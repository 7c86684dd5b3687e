using System.Text.Json;
using Proxy.Hocon.Tests.Support;

namespace Proxy.Hocon.Tests.Conformance;

public sealed class CaseTests
{
    public static bool CasesArePresent => CaseFiles.ArePresent;

    [Fact(Skip = CaseFiles.Absent, SkipUnless = nameof(CasesArePresent))]
    public void Every_case_of_the_reference_implementation_comes_out_the_same()
    {
        var cases = CaseFiles.Read("cases.json");

        var failures = cases.Select(Run).Where(failure => failure.Length > 0).ToList();

        Assert.NotEmpty(cases);
        Assert.True(failures.Count == 0, $"{failures.Count} of {cases.Count} differ:\n{string.Join('\n', failures)}");
    }

    private static string Run(JsonElement test)
    {
        var text = test.GetProperty("hocon").GetString()!;
        var files = new MemoryFiles().With("main.conf", text);
        if (test.TryGetProperty("files", out var others))
        {
            foreach (var file in others.EnumerateObject())
            {
                files.With(file.Name, file.Value.GetString()!);
            }
        }

        var environment = test.TryGetProperty("env", out var variables)
            ? variables.EnumerateObject().ToDictionary(variable => variable.Name, variable => variable.Value.GetString()!)
            : null;
        var result = HoconDocument.Load("main.conf", new HoconOptions { Files = files, Environment = environment });
        var difference = Compare(test, result);
        return difference.Length == 0 ? "" : $"{test.GetProperty("name").GetString()}: {difference}";
    }

    private static string Compare(JsonElement test, HoconResult result)
    {
        if (!test.TryGetProperty("error", out _))
        {
            return !result.IsSuccess ? string.Join("; ", result.Errors)
                : JsonComparison.AreEqual(result.Document.Root, test.GetProperty("json")) ? ""
                : $"{result.Document.Root} instead of {test.GetProperty("json")}";
        }

        return result.IsSuccess ? $"no error, but {result.Document.Root}"
            : test.TryGetProperty("line", out var line) && result.Errors[0].Origin.Line != line.GetInt32() ? $"line {line}, not {result.Errors[0]}"
            : "";
    }
}

using System.Text.Json;

namespace Proxy.Hocon.Tests.Conformance;

/// <summary>
/// The conformance cases that may lie beside the repository, in ../shared/hocon: they were checked against the reference implementation, and are no part
/// of the repository. Where they are not there, the tests that run them are skipped.
/// </summary>
internal static class CaseFiles
{
    public const string Absent = "The conformance cases (../shared/hocon beside the repository) are not there.";

    public static bool ArePresent => Folder() is not null;

    public static IReadOnlyList<JsonElement> Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder()!, file)));
        return [.. document.RootElement.Clone().EnumerateArray()];
    }

    private static string? Folder()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var folder = Path.Combine(directory.FullName, "shared", "hocon");
            if (Directory.Exists(folder))
            {
                return folder;
            }
        }

        return null;
    }
}

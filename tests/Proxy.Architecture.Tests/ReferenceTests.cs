using System.Reflection;
using System.Xml.Linq;

namespace Proxy.Architecture.Tests;

/// <summary>Dependencies point downward: what each project may reference, held against the project files and against what was built.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Proxy.Protocol"] = [],
        ["Proxy.Kcp"] = [],
        ["Proxy.Kernel"] = [],
        ["Proxy.Policy"] = [],
        ["Proxy.Hocon"] = [],
        ["Proxy.Transport"] = [],
        ["Proxy.Tunnel"] = ["Proxy.Protocol", "Proxy.Kcp"],
        ["Proxy.Cluster"] = ["Proxy.Kernel", "Proxy.Policy"],
        ["Proxy.Actors"] = ["Proxy.Kernel", "Proxy.Protocol", "Proxy.Tunnel", "Proxy.Transport", "Proxy.Policy", "Proxy.Cluster"],
        ["Proxy.Node"] =
        [
            "Proxy.Kernel", "Proxy.Protocol", "Proxy.Kcp", "Proxy.Tunnel", "Proxy.Transport", "Proxy.Policy", "Proxy.Cluster",
            "Proxy.Actors", "Proxy.Hocon",
        ],
        ["Proxy.Seed"] = ["Proxy.Cluster", "Proxy.Hocon"],
    };

    public static TheoryData<string> Projects => [.. Allowed.Keys];

    [Fact]
    public void The_source_folder_holds_exactly_the_projects_of_the_architecture()
    {
        var found = Directory.GetDirectories(Repository.PathOf("src")).Select(directory => Path.GetFileName(directory)!);

        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_file_references_only_what_is_below_it(string project)
    {
        var file = XDocument.Load(Repository.PathOf("src", project, project + ".csproj"));
        var references = file.Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));

        Assert.Empty(references.Except(Allowed[project]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_built_assembly_references_only_what_is_below_it(string project)
    {
        var assemblyName = project switch { "Proxy.Node" => "tcpproxy", "Proxy.Seed" => "tcpproxy-seed", _ => project };
        var assembly = Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, assemblyName + ".dll"));
        var references = assembly.GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => name.StartsWith("Proxy.", StringComparison.Ordinal) || name.StartsWith("tcpproxy", StringComparison.Ordinal));

        Assert.Empty(references.Except(Allowed[project]));
    }

    [Fact]
    public void Only_the_hosts_reference_ASP_NET()
    {
        var referencing = Allowed.Keys.Where(project =>
            File.ReadAllText(Repository.PathOf("src", project, project + ".csproj"))
                .Contains("Microsoft.AspNetCore.App", StringComparison.Ordinal));

        Assert.Equal(["Proxy.Node", "Proxy.Seed"], referencing.Order(StringComparer.Ordinal));
    }
}

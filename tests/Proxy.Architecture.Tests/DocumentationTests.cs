namespace Proxy.Architecture.Tests;

/// <summary>What documents show is what is built.</summary>
public sealed class DocumentationTests
{
    [Fact]
    public void The_example_in_the_filters_document_is_the_sample_that_is_compiled_and_tested()
    {
        var document = File.ReadAllText(Repository.PathOf("docs", "filters.md"));
        const string Fence = "```csharp\n";
        var start = document.IndexOf(Fence, StringComparison.Ordinal) + Fence.Length;
        var example = document[start..document.IndexOf("```\n", start, StringComparison.Ordinal)];

        Assert.Equal(File.ReadAllText(Repository.PathOf("samples", "UppercaseFilter", "UppercaseFactory.cs")), example);
    }
}

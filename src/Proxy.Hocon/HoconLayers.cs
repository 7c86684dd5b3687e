namespace Proxy.Hocon;

/// <summary>
/// Everything that one configuration is made of. Later ones lie over earlier ones: the reference, the files in their order, the environment, the
/// overrides. All are merged first and resolved together, so a substitution in any of them sees the final values.
/// </summary>
public sealed record HoconLayers
{
    /// <summary>The text that lists every setting with its default; null: none.</summary>
    public string? Reference { get; init; }

    /// <summary>What errors call the reference.</summary>
    public string ReferenceName { get; init; } = "reference.conf";

    /// <summary>Names of files; one that is missing is an error.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>
    /// The path that names of the environment and of overrides start below; empty: at the root. Variables that are meant start with its capitals
    /// and two underscores.
    /// </summary>
    public string Scope { get; init; } = "";

    /// <summary>
    /// Whether variables of the environment are an overlay: for the scope <c>tcpproxy</c>, <c>TCPPROXY__frontends__web__half_close=30s</c> is
    /// <c>tcpproxy.frontends.web.half-close = 30s</c>.
    /// </summary>
    public bool IncludesEnvironment { get; init; }

    /// <summary>Settings as <c>path=value</c>, below the scope; the last one of a path holds.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];
}

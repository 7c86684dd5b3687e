using Microsoft.Extensions.Configuration;

namespace Proxy.Hocon.Configuration;

/// <summary>HOCON as a source of .NET's configuration. Errors are thrown as <see cref="HoconException"/> when it is built.</summary>
public sealed class HoconConfigurationSource : IConfigurationSource
{
    /// <summary>What is loaded.</summary>
    public required HoconLayers Layers { get; init; }

    public HoconOptions Options { get; init; } = HoconOptions.Default;

    /// <summary>Whether a file of <see cref="Layers"/> that is not there is left out instead of being an error.</summary>
    public bool IsOptional { get; init; }

    public IConfigurationProvider Build(IConfigurationBuilder builder) => new HoconConfigurationProvider(this);
}

using Microsoft.Extensions.Configuration;

namespace Proxy.Hocon.Configuration;

/// <summary>Adds HOCON to .NET's configuration, as <c>AddJsonFile</c> adds JSON.</summary>
public static class HoconConfigurationExtensions
{
    /// <summary>Adds a file. <paramref name="environment"/> is what its substitutions may fall back to.</summary>
    public static IConfigurationBuilder AddHoconFile(
        this IConfigurationBuilder builder, string path, bool optional = false, IReadOnlyDictionary<string, string>? environment = null) =>
        builder.AddHocon(new HoconLayers { Files = [path] }, new HoconOptions { Environment = environment }, optional);

    /// <summary>Adds layers that are resolved together.</summary>
    public static IConfigurationBuilder AddHocon(
        this IConfigurationBuilder builder, HoconLayers layers, HoconOptions? options = null, bool optional = false)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HoconConfigurationSource { Layers = layers, Options = options ?? HoconOptions.Default, IsOptional = optional });
    }
}

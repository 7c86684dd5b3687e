using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Proxy.Hocon.Configuration;

/// <summary>
/// The values of a document by keys that are joined with ':', lists by number, as .NET's own providers have them. <see cref="Load"/> reads again;
/// if that fails it throws, and the values from before stay.
/// </summary>
public sealed class HoconConfigurationProvider(HoconConfigurationSource source) : ConfigurationProvider
{
    private bool _isLoaded;

    public override void Load()
    {
        var options = source.Options;
        var layers = source.Layers;
        if (source.IsOptional)
        {
            var files = options.Files ?? new HoconDiskFiles();
            bool IsThere(string file) => files.Read(files.Locate(null, file)) is not { Bytes: null, Error: null };
            layers = layers with { Files = [.. layers.Files.Where(IsThere)] };
        }

        var data = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        Add(data, "", HoconDocument.Load(layers, options).GetOrThrow().Root);
        Data = data;
        if (_isLoaded)
        {
            OnReload();
        }

        _isLoaded = true;
    }

    private static void Add(Dictionary<string, string?> data, string key, HoconValue value)
    {
        switch (value)
        {
            case HoconObject { Count: > 0 } fields:
                foreach (var (name, inside) in fields)
                {
                    Add(data, Join(key, name), inside);
                }

                break;
            case HoconList { Count: > 0 } list:
                for (var index = 0; index < list.Count; index++)
                {
                    Add(data, Join(key, index.ToString(CultureInfo.InvariantCulture)), list[index]);
                }

                break;
            case HoconList:
                data[key] = "";
                break;
            case HoconScalar { Kind: not HoconKind.Null } scalar:
                data[key] = scalar.Text;
                break;
            default:
                if (key.Length > 0)
                {
                    data[key] = null;
                }

                break;
        }
    }

    private static string Join(string key, string name) => key.Length == 0 ? name : ConfigurationPath.Combine(key, name);
}

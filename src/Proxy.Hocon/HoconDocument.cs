using Proxy.Hocon.Files;
using Proxy.Hocon.Resolution;
using Proxy.Hocon.Tree;

namespace Proxy.Hocon;

/// <summary>
/// A resolved configuration. Immutable. Loading depends only on its arguments: time, threads and the process' own environment play no part.
/// </summary>
public sealed class HoconDocument
{
    private HoconDocument(HoconValue root) => Root = root;

    /// <summary>An object; or a list, where the text's root is one.</summary>
    public HoconValue Root { get; }

    /// <summary>The root for typed access.</summary>
    public HoconSection Section => new(Root, HoconPath.Root);

    /// <summary>Parses and resolves one text. <paramref name="name"/> is what errors call it.</summary>
    public static HoconResult Parse(string text, string name = "text", HoconOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Load(options, (loader, root) => loader.ReadText(text, new HoconSourceName(name, HoconOriginKind.File), root));
    }

    /// <summary>Parses and resolves a file: HOCON, strict JSON where it ends in .json, or Java's properties where it ends in .properties.</summary>
    public static HoconResult Load(string file, HoconOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Load(options, (loader, root) => loader.ReadFile(file, root));
    }

    /// <summary>Merges all layers and resolves them together. Their root is an object.</summary>
    public static HoconResult Load(HoconLayers layers, HoconOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layers);
        return Load(options, (loader, root) =>
        {
            new LayerReader(loader, layers, options?.Environment).ReadInto(root);
            return null;
        });
    }

    /// <summary>The work that a load took, in characters looked at and in units of size; tests hold that it is linear.</summary>
    internal static long CountSteps(string text)
    {
        var steps = 0L;
        Load(null, (loader, root) => loader.ReadText(text, new HoconSourceName("text", HoconOriginKind.File), root), (loader, resolver) =>
            steps = loader.Steps + (resolver?.Charged ?? 0));
        return steps;
    }

    private static HoconResult Load(HoconOptions? options, Func<Loader, ObjectNode, Node?> read, Action<Loader, Resolver?>? observe = null)
    {
        var errors = new ErrorList();
        var loader = new Loader(options?.Files ?? new HoconDiskFiles(), errors);
        var root = new ObjectNode(HoconOrigin.Unknown);
        var list = read(loader, root);
        HoconValue? value = null;
        Resolver? resolver = null;
        if (errors.IsEmpty)
        {
            resolver = new Resolver(
                list ?? root, loader.ReferenceCount, loader.InputCharacters, options?.Environment ?? new Dictionary<string, string>(), errors);
            value = resolver.Resolve();
        }

        observe?.Invoke(loader, resolver);
        return new HoconResult(value is null ? null : new HoconDocument(value), errors.Errors, [.. loader.Paths]);
    }
}

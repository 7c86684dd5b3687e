using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.Loader;
using Proxy.Policy.Filters;

namespace Proxy.Node.Filters;

/// <summary>A user's own filter, from an assembly that is loaded at the start and stays.</summary>
internal static class FilterPlugin
{
    public static IStreamFilterFactory Load(FilterSpec spec)
    {
        var path = Path.GetFullPath(spec.Value.Text);
        var type = spec.Require("type").Text;
        var argument = spec.Take("argument")?.Text;
        spec.RequireNothingLeft();
        if (!File.Exists(path))
        {
            throw spec.Refusal($"there is no file '{path}'");
        }

        try
        {
            return Checked(Create(TypeOf(spec, path, type), spec, argument), spec);
        }
        catch (BadImageFormatException)
        {
            throw spec.Refusal($"'{path}' is not a .NET assembly that this program can load");
        }
        catch (TargetInvocationException thrown)
        {
            throw spec.Refusal($"the constructor of {type} failed: {thrown.InnerException!.Message}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or TypeLoadException or MissingMemberException or InvalidOperationException)
        {
            throw spec.Refusal($"'{path}' cannot be used: {failure.Message}; it may have been built against another version of Proxy.Policy");
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "What a plugin needs of this program is Proxy.Policy, whose public types are its contract.")]
    private static Type TypeOf(FilterSpec spec, string path, string name)
    {
        var assembly = new PluginContext(path).LoadFromAssemblyPath(path);
        var type = assembly.GetType(name);
        if (type is null)
        {
            var found = assembly.GetExportedTypes().Where(IsFactory).Select(exported => exported.FullName).ToArray();
            throw spec.Refusal($"'{path}' has no type '{name}'; its filter factories: {(found.Length == 0 ? "none" : string.Join(", ", found))}");
        }

        return IsFactory(type) ? type : throw spec.Refusal($"{name} is not a class that implements {typeof(IStreamFilterFactory).FullName}");
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "The type is a plugin's, which is never trimmed.")]
    private static IStreamFilterFactory Create(Type type, FilterSpec spec, string? argument)
    {
        Type[] parameters = argument is null ? [] : [typeof(string)];
        var constructor = type.GetConstructor(parameters)
            ?? throw spec.Refusal(argument is null
                ? $"{type.FullName} has no public constructor without parameters; with argument=TEXT it is given a string"
                : $"{type.FullName} has no public constructor that takes one string, the argument");
        return (IStreamFilterFactory)constructor.Invoke(argument is null ? [] : [argument]);
    }

    /// <summary>Asked once here, so that a factory that fails at it fails at the start.</summary>
    private static FixedFactory Checked(IStreamFilterFactory factory, FilterSpec spec)
    {
        try
        {
            return string.IsNullOrWhiteSpace(factory.Name)
                ? throw spec.Refusal($"{factory.GetType().FullName} has no name")
                : new FixedFactory(factory, factory.Name, factory.Directions);
        }
        catch (Exception defect) when (defect is not UsageException)
        {
            throw spec.Refusal($"{factory.GetType().FullName} does not say its name and directions: {defect.Message}");
        }
    }

    private static bool IsFactory(Type type) => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IStreamFilterFactory));

    /// <summary>A user's factory, whose foreign code is only asked for filters.</summary>
    private sealed class FixedFactory(IStreamFilterFactory inner, string name, FilterDirections directions) : IStreamFilterFactory, IFilterCounters
    {
        public string Name => name;

        public FilterDirections Directions => directions;

        public IStreamFilter Create(FilterConnection connection) => inner.Create(connection);

        /// <summary>Foreign words on their way to readers who rely on the form: bounded, each once, and no failure of them is ours.</summary>
        public IReadOnlyList<FilterCount> Counts()
        {
            try
            {
                var counts = (inner as IFilterCounters)?.Counts() ?? [];
                return [.. counts.DistinctBy(count => count.Name, StringComparer.Ordinal).Take(FilterLimits.Patterns)];
            }
            catch (Exception)
            {
                return [];
            }
        }
    }

    /// <summary>The plugin's own dependencies come from beside it; what this program has itself, and above all Proxy.Policy, is shared.</summary>
    private sealed class PluginContext(string path) : AssemblyLoadContext(path)
    {
        private readonly AssemblyDependencyResolver _resolver = new(path);

        [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A plugin's dependencies are not trimmed.")]
        protected override Assembly? Load(AssemblyName assemblyName)
        {
            if (assemblyName.Name == typeof(IStreamFilterFactory).Assembly.GetName().Name)
            {
                return typeof(IStreamFilterFactory).Assembly;
            }

            return _resolver.ResolveAssemblyToPath(assemblyName) is { } found ? LoadFromAssemblyPath(found) : null;
        }
    }
}

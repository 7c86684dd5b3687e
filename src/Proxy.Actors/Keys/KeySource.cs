using System.Text;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Actors;

/// <summary>
/// The keys that a command line and an environment name: <c>--key-file FILE</c>, or <c>--key-file NAME=FILE</c> repeated, or the key itself in
/// the variable <see cref="Variable"/>, which counts only when no file is named. A key without a name is called <see cref="DefaultName"/>.
/// </summary>
public static class KeySource
{
    public const string Variable = "TCPPROXY_KEY";

    public const string DefaultName = "default";

    /// <summary>All keys, each with another name and none twice; empty when none is named. The caller owns them.</summary>
    /// <param name="keyFiles">The option's values.</param>
    /// <param name="environment">The variable's value; null or empty when it is not set.</param>
    public static IReadOnlyList<PresharedKey> ReadAll(IReadOnlyList<string> keyFiles, string? environment)
    {
        ArgumentNullException.ThrowIfNull(keyFiles);
        var keys = new List<PresharedKey>();
        if (keyFiles.Count == 0)
        {
            if (!string.IsNullOrEmpty(environment))
            {
                keys.Add(FromEnvironment(environment));
            }

            return keys;
        }

        foreach (var (name, path) in keyFiles.Select(Split))
        {
            using var bytes = KeyFile.Read(path);
            var key = new PresharedKey(name, bytes.Span);
            CheckNew(keys, key, path);
            keys.Add(key);
        }

        return keys;
    }

    /// <summary>A value with '=' is a name and a file when what stands before it can be a name: "./a=b" is a file.</summary>
    private static (string Name, string Path) Split(string value)
    {
        var split = value.IndexOf('=', StringComparison.Ordinal);
        var (name, path) = split > 0 && PresharedKey.IsName(value[..split]) ? (value[..split], value[(split + 1)..]) : (DefaultName, value);
        return path.Length > 0 ? (name, path) : throw new KeyFileException($"the key '{value}' names no file: FILE or NAME=FILE is expected");
    }

    private static PresharedKey FromEnvironment(string text)
    {
        if (!KeyText.TryRead(Encoding.UTF8.GetBytes(text), out var bytes, out var problem))
        {
            throw new KeyFileException($"the key in {Variable} {problem}; 'tcpproxy keygen' makes one");
        }

        using (bytes)
        {
            return new PresharedKey(DefaultName, bytes.Span);
        }
    }

    private static void CheckNew(List<PresharedKey> keys, PresharedKey key, string path)
    {
        if (keys.Find(known => known.Name == key.Name) is not null)
        {
            throw new KeyFileException($"there are two keys named {key.Name}: give each a name of its own, NAME=FILE");
        }

        if (keys.Find(known => known.Id.SequenceEqual(key.Id)) is { } same)
        {
            throw new KeyFileException($"the key file {path} has the same key as {same.Name}: nobody could tell the two apart");
        }
    }
}

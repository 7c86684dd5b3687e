using System.Text;

namespace Proxy.Cluster.Engine;

/// <summary>
/// Which keys are meant, in etcd's way: one key, those from <paramref name="Start"/> up to but without <paramref name="End"/>, or with an end of
/// one zero byte all from the start on. Keys are bytes, ordered as unsigned bytes.
/// </summary>
/// <param name="Start">The key, or the first one.</param>
/// <param name="End">Empty: the one key.</param>
public readonly record struct KeyRange(byte[] Start, byte[] End)
{
    public bool IsOneKey => End.Length == 0;

    public bool IsOpen => End is [0];

    public static KeyRange One(string key) => new(KeyText.Bytes(key), []);

    public static KeyRange Prefix(string prefix) => Prefix(KeyText.Bytes(prefix));

    /// <summary>All keys that begin with <paramref name="prefix"/>; an empty one means every key.</summary>
    public static KeyRange Prefix(byte[] prefix)
    {
        var last = prefix.Length - 1;
        while (last >= 0 && prefix[last] == byte.MaxValue)
        {
            last--;
        }

        if (last < 0)
        {
            return new KeyRange(prefix.Length == 0 ? [0] : prefix, [0]);
        }

        var end = prefix[..(last + 1)];
        end[last]++;
        return new KeyRange(prefix, end);
    }

    public bool Contains(ReadOnlySpan<byte> key) => IsOneKey
        ? key.SequenceEqual(Start)
        : key.SequenceCompareTo(Start) >= 0 && (IsOpen || key.SequenceCompareTo(End) < 0);

    public override string ToString() => IsOneKey ? KeyText.Of(Start) : $"{KeyText.Of(Start)} .. {KeyText.Of(End)}";
}

/// <summary>Keys as text: UTF-8.</summary>
public static class KeyText
{
    public static byte[] Bytes(string key) => Encoding.UTF8.GetBytes(key);

    public static string Of(ReadOnlySpan<byte> key) => Encoding.UTF8.GetString(key);
}

/// <summary>The order of keys: unsigned bytes, the shorter first.</summary>
internal sealed class KeyOrder : IComparer<byte[]>
{
    public static readonly KeyOrder Instance = new();

    public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
}

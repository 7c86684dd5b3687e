using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Json;

/// <summary>Writing JSON as etcd's gateway does: zeros are left out, 64-bit numbers are text, bytes are base64.</summary>
internal static class JsonText
{
    /// <summary>One JSON object in UTF-8.</summary>
    public static byte[] Object(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static void Int64(this Utf8JsonWriter writer, string name, long value)
    {
        if (value != 0)
        {
            writer.WriteString(name, value.ToString(CultureInfo.InvariantCulture));
        }
    }

    public static void UInt64(this Utf8JsonWriter writer, string name, ulong value)
    {
        if (value != 0)
        {
            writer.WriteString(name, value.ToString(CultureInfo.InvariantCulture));
        }
    }

    public static void Flag(this Utf8JsonWriter writer, string name, bool value)
    {
        if (value)
        {
            writer.WriteBoolean(name, value);
        }
    }

    public static void Bytes(this Utf8JsonWriter writer, string name, byte[] value)
    {
        if (value.Length > 0)
        {
            writer.WriteBase64String(name, value);
        }
    }

    public static void List<T>(this Utf8JsonWriter writer, string name, IReadOnlyList<T> items, Action<T> element)
    {
        if (items.Count == 0)
        {
            return;
        }

        writer.WriteStartArray(name);
        foreach (var item in items)
        {
            writer.WriteStartObject();
            element(item);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static void Keys(this Utf8JsonWriter writer, KeyRange keys)
    {
        writer.Bytes("key", keys.Start);
        writer.Bytes("range_end", keys.End);
    }
}

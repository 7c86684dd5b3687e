using System.Globalization;
using System.Text.Json;

namespace Proxy.Cluster.Json;

/// <summary>
/// Reads fields of JSON that a stranger wrote, as etcd's gateway does: snake_case or camelCase, 64-bit numbers as text or number, what is left out
/// is zero. The first thing that is wrong is kept as <see cref="Error"/>; getters then give zeros.
/// </summary>
internal sealed class FieldReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaximumDepth, AllowDuplicateProperties = false };

    public string? Error { get; private set; }

    /// <summary>The text as an object, or null with the reason; the caller disposes it.</summary>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> json, out string error)
    {
        try
        {
            var document = JsonDocument.Parse(json, Options);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                error = "";
                return document;
            }

            document.Dispose();
            error = "an object is expected";
        }
        catch (JsonException wrong)
        {
            error = wrong.Message;
        }

        return null;
    }

    public bool TryGet(JsonElement from, string name, out JsonElement field) =>
        (from.TryGetProperty(name, out field) || from.TryGetProperty(Camel(name), out field)) && field.ValueKind != JsonValueKind.Null;

    public JsonElement? Object(JsonElement from, string name)
    {
        if (!TryGet(from, name, out var field))
        {
            return null;
        }

        return field.ValueKind == JsonValueKind.Object ? field : Fail<JsonElement?>(name, "an object");
    }

    /// <summary>The elements of a list of objects, none where it is left out.</summary>
    public IReadOnlyList<JsonElement> Objects(JsonElement from, string name, int maximum)
    {
        if (!TryGet(from, name, out var field))
        {
            return [];
        }

        if (field.ValueKind != JsonValueKind.Array || field.EnumerateArray().Any(element => element.ValueKind != JsonValueKind.Object))
        {
            return Fail<IReadOnlyList<JsonElement>>(name, "a list of objects") ?? [];
        }

        return field.GetArrayLength() <= maximum
            ? [.. field.EnumerateArray()]
            : Fail<IReadOnlyList<JsonElement>>(name, $"at most {maximum} elements") ?? [];
    }

    public long Int64(JsonElement from, string name)
    {
        if (!TryGet(from, name, out var field))
        {
            return 0;
        }

        var isRead = field.ValueKind switch
        {
            JsonValueKind.Number => field.TryGetInt64(out var value) ? value : (long?)null,
            JsonValueKind.String when long.TryParse(Text(from, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) =>
                value,
            _ => null,
        };
        return isRead ?? Fail<long>(name, "a whole number of 64 bits");
    }

    public ulong UInt64(JsonElement from, string name)
    {
        if (!TryGet(from, name, out var field))
        {
            return 0;
        }

        var isRead = field.ValueKind switch
        {
            JsonValueKind.Number => field.TryGetUInt64(out var value) ? value : (ulong?)null,
            JsonValueKind.String when ulong.TryParse(Text(from, name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) => value,
            _ => null,
        };
        return isRead ?? Fail<ulong>(name, "a whole number of 64 bits, not negative");
    }

    public bool Boolean(JsonElement from, string name) => TryGet(from, name, out var field)
        && (field.ValueKind is JsonValueKind.True or JsonValueKind.False ? field.ValueKind == JsonValueKind.True : Fail<bool>(name, "true or false"));

    public string Text(JsonElement from, string name)
    {
        if (!TryGet(from, name, out var field))
        {
            return "";
        }

        try
        {
            return field.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            // No string, or one that is no Unicode.
            return Fail<string>(name, "text") ?? "";
        }
    }

    /// <summary>Bytes in base64.</summary>
    public byte[] Bytes(JsonElement from, string name)
    {
        if (!TryGet(from, name, out var field))
        {
            return [];
        }

        return field.ValueKind == JsonValueKind.String && field.TryGetBytesFromBase64(out var bytes)
            ? bytes
            : Fail<byte[]>(name, "bytes in base64") ?? [];
    }

    /// <summary>One of the names, by its text or its place; the first where it is left out.</summary>
    public int OneOf(JsonElement from, string name, ReadOnlySpan<string> names)
    {
        if (!TryGet(from, name, out var field))
        {
            return 0;
        }

        var index = field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out var number) ? number : names.IndexOf(Text(from, name));
        return index >= 0 && index < names.Length ? index : Fail<int>(name, string.Join(", ", names!));
    }

    /// <summary>Keeps the first error; gives the type's zero.</summary>
    public T? Fail<T>(string name, string expected)
    {
        Error ??= $"{name}: {expected} is expected";
        return default;
    }

    private static string Camel(string name)
    {
        var parts = name.Split('_');
        return parts[0] + string.Concat(parts.Skip(1).Select(part => char.ToUpperInvariant(part[0]) + part[1..]));
    }

    // An event in a list in an object in an object, and room for what a newer etcd adds.
    private const int MaximumDepth = 16;
}

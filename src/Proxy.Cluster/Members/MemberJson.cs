using System.Collections.Immutable;
using System.Text.Json;
using Proxy.Cluster.Json;

namespace Proxy.Cluster.Members;

/// <summary>
/// A member's record as JSON. Who can write to the engine may be wrong or old, so reading is strict in lengths and ranges; fields that are unknown
/// are of a later version and passed over.
/// </summary>
public static class MemberJson
{
    /// <summary>The largest record, in bytes.</summary>
    public const int MaximumBytes = 8 << 10;

    private static readonly string[] States = ["joining", "up", "draining", "leaving"];

    public static byte[] Write(MemberRecord record) => JsonText.Object(writer =>
    {
        writer.WriteString("name", record.Name);
        writer.WriteString("identity", record.Identity);
        writer.List("addresses", record.Addresses, address =>
        {
            writer.WriteString("transport", address.Transport);
            writer.WriteString("address", address.Address);
        });
        writer.WriteStartArray("roles");
        foreach (var role in record.Roles)
        {
            writer.WriteStringValue(role);
        }

        writer.WriteEndArray();
        writer.WriteString("zone", record.Zone);
        writer.WriteString("version", record.Version);
        writer.WriteNumber("capacity", record.Capacity);
        writer.WriteString("state", States[(int)record.State]);
        writer.WriteStartObject("load");
        writer.WriteNumber("streams", record.Load.Streams);
        writer.WriteNumber("bytes_per_second", record.Load.BytesPerSecond);
        writer.WriteNumber("cpu_permille", record.Load.CpuPermille);
        writer.WriteNumber("descriptors", record.Load.Descriptors);
        writer.WriteNumber("tunnels", record.Load.Tunnels);
        writer.List("talkers", record.Load.Talkers, talker =>
        {
            writer.WriteString("name", talker.Name);
            writer.WriteNumber("streams", talker.Streams);
            writer.WriteNumber("bytes_per_second", talker.BytesPerSecond);
        });
        writer.WriteEndObject();
        writer.WriteNumber("started_at", record.StartedAtMilliseconds);
        writer.WriteNumber("clock", record.ClockMilliseconds);
    });

    /// <summary>False with the reason where it is no record of a member called <paramref name="name"/>.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, string name, out MemberRecord record, out string error)
    {
        record = null!;
        if (json.Length > MaximumBytes)
        {
            error = $"it has more than {MaximumBytes} bytes";
            return false;
        }

        using var document = FieldReader.Parse(json, out error);
        if (document is null)
        {
            return false;
        }

        var fields = new FieldReader();
        record = Read(fields, document.RootElement);
        if (record.Name != name)
        {
            fields.Fail<bool>("name", "the name in its key");
        }

        error = fields.Error ?? "";
        return error.Length == 0;
    }

    /// <summary>Whether others will read this record, and if not, why: for who checks a configuration.</summary>
    public static bool IsReadable(MemberRecord record, out string error) => TryRead(Write(record), record.Name, out _, out error);

    /// <summary>Whether a member may be called that: 1 to 64 letters, digits, and <c>. _ - :</c>.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaximumNameLength && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' or ':');

    private static MemberRecord Read(FieldReader fields, JsonElement root)
    {
        var load = fields.Object(root, "load");
        var name = Text(fields, root, "name");
        if (!IsName(name))
        {
            fields.Fail<bool>("name", $"1 to {MaximumNameLength} letters, digits, '.', '_', '-' and ':'");
        }

        return new MemberRecord
        {
            Name = name,
            Identity = Text(fields, root, "identity"),
            Addresses = [.. fields.Objects(root, "addresses", MaximumElements).Select(element => ReadAddress(fields, element))],
            Roles = ReadRoles(fields, root),
            Zone = Text(fields, root, "zone"),
            Version = Text(fields, root, "version"),
            Capacity = Count(fields, root, "capacity"),
            State = (MemberState)fields.OneOf(root, "state", States),
            Load = load is not { } inner
                ? MemberLoad.None
                : new MemberLoad(
                    Count(fields, inner, "streams"),
                    Count(fields, inner, "bytes_per_second"),
                    Count(fields, inner, "cpu_permille"),
                    Count(fields, inner, "descriptors"))
                {
                    Tunnels = Count(fields, inner, "tunnels"),
                    Talkers =
                    [
                        .. fields.Objects(inner, "talkers", MaximumElements).Take(MemberRecord.MaximumTalkers)
                            .Select(talker => new MemberTalker(Text(fields, talker, "name"), Count(fields, talker, "streams"), Count(fields, talker, "bytes_per_second"))),
                    ],
                },
            StartedAtMilliseconds = Count(fields, root, "started_at"),
            ClockMilliseconds = Count(fields, root, "clock"),
        };
    }

    private static MemberAddress ReadAddress(FieldReader fields, JsonElement from) =>
        new(Text(fields, from, "transport"), Text(fields, from, "address"));

    private static ImmutableArray<string> ReadRoles(FieldReader fields, JsonElement root)
    {
        if (!fields.TryGet(root, "roles", out var roles))
        {
            return [];
        }

        var isList = roles.ValueKind == JsonValueKind.Array && roles.GetArrayLength() <= MaximumElements
            && roles.EnumerateArray().All(role => role.ValueKind == JsonValueKind.String);
        try
        {
            ImmutableArray<string> read = isList ? [.. roles.EnumerateArray().Select(role => role.GetString()!)] : [];
            if (isList && read.All(IsText))
            {
                return read;
            }
        }
        catch (InvalidOperationException)
        {
            // No Unicode.
        }

        fields.Fail<bool>("roles", $"a list of at most {MaximumElements} short texts");
        return [];
    }

    private static string Text(FieldReader fields, JsonElement from, string name)
    {
        var text = fields.Text(from, name);
        return IsText(text) ? text : fields.Fail<string>(name, $"at most {MaximumTextLength} characters, none of them a control character") ?? "";
    }

    // It goes into logs and onto terminals.
    private static bool IsText(string text) => text.Length <= MaximumTextLength && !text.Any(char.IsControl);

    private static long Count(FieldReader fields, JsonElement from, string name)
    {
        var number = fields.Int64(from, name);
        return number is >= 0 and <= MaximumNumber ? number : fields.Fail<long>(name, $"a number from 0 to {MaximumNumber}");
    }

    private const int MaximumNameLength = 64;
    private const int MaximumTextLength = 256;
    private const int MaximumElements = 16;

    // What JSON's other readers keep exactly.
    private const long MaximumNumber = 1L << 53;
}

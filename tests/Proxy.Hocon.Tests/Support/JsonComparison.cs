using System.Globalization;
using System.Text.Json;

namespace Proxy.Hocon.Tests.Support;

/// <summary>Compares a value with JSON: numbers by value, objects without order.</summary>
internal static class JsonComparison
{
    public static bool AreEqual(HoconValue value, JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => value is HoconObject fields
            && fields.Count == json.EnumerateObject().Count()
            && json.EnumerateObject().All(field => fields.TryGetValue(field.Name, out var inside) && AreEqual(inside, field.Value)),
        JsonValueKind.Array => value is HoconList list
            && list.Count == json.GetArrayLength()
            && json.EnumerateArray().Select((item, index) => AreEqual(list[index], item)).All(isEqual => isEqual),
        JsonValueKind.String => value is HoconScalar { Kind: HoconKind.String } text && text.Text == json.GetString(),
        JsonValueKind.Number => value is HoconScalar { Kind: HoconKind.Number } number
            && double.Parse(number.Text, CultureInfo.InvariantCulture).Equals(json.GetDouble()),
        JsonValueKind.Null => value.Kind == HoconKind.Null,
        _ => value is HoconScalar { Kind: HoconKind.Boolean } boolean && boolean.Text == (json.GetBoolean() ? "true" : "false"),
    };
}

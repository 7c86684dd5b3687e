using System.Text;

namespace Proxy.Hocon.Tests.Robustness;

/// <summary>
/// A random tree, in two forms: as JSON without blanks, which is what <see cref="HoconValue.ToString"/> prints, and as HOCON written in every way that the
/// format allows for it.
/// </summary>
internal sealed class RandomTree(Random random)
{
    private static readonly string[] Words =
        ["a", "b-c", "d_e", "x y", "10", "é", "😀", "", "a.b", "true", "${x}", "\"", "\\", "# c", "//", "\n", "include", "+", "\u2028", "\0"];

    private static readonly string[] Keys = ["a", "b-c", "d_e", "x", "é", "😀", "zone7", "longer-key"];

    /// <summary>An object of at most that depth.</summary>
    public (string Json, string Hocon) Next(int depth)
    {
        var (json, fields) = Fields(depth);
        return (json, random.Next(2) == 0 ? fields : $"{Noise()}{{{fields}{Noise()}}}{Noise()}");
    }

    private (string Json, string Hocon) Value(int depth) => random.Next(depth > 0 ? 7 : 4) switch
    {
        0 => Text(),
        1 => Number(),
        2 => Pick(("true", "true"), ("false", "false"), ("null", "null")),
        3 => JoinedText(),
        4 => List(depth - 1),
        5 => JoinedLists(depth - 1),
        _ => Object(depth - 1),
    };

    private (string Json, string Hocon) Text()
    {
        var text = Words[random.Next(Words.Length)];
        return (HoconJson.Quote(text), Quoted(text));
    }

    private string Quoted(string text) =>
        random.Next(3) > 0 || text.Contains('"', StringComparison.Ordinal) ? HoconJson.Quote(text) : $"\"\"\"{text}\"\"\"";

    private (string Json, string Hocon) Number()
    {
        var number = Pick("0", "-1", "3.14", "1e5", "123456789012345678901234567890", "1.50");
        return (number, number);
    }

    // At least two parts, so that it is a string whatever they are.
    private (string Json, string Hocon) JoinedText()
    {
        var (text, hocon) = (new StringBuilder(), new StringBuilder());
        for (var left = random.Next(2, 5); left > 0; left--)
        {
            var blank = text.Length == 0 ? "" : Pick(" ", "  ", "\t", "\u00a0");
            var word = Pick("x1", "true", "1.50", "null", "/x", "%");
            var (part, written) = random.Next(2) == 0 ? (word, word) : (word, HoconJson.Quote(word));
            text.Append(blank).Append(part);
            hocon.Append(blank).Append(written);
        }

        return (HoconJson.Quote(text.ToString()), hocon.ToString());
    }

    private (string Json, string Hocon) List(int depth)
    {
        var (items, hocon) = (new List<string>(), new StringBuilder("["));
        for (var left = random.Next(4); left > 0; left--)
        {
            var (json, written) = Value(depth);
            hocon.Append(items.Count > 0 ? Separator() : Noise()).Append(written);
            items.Add(json);
        }

        return ($"[{string.Join(',', items)}]", hocon.Append(Noise()).Append(items.Count > 0 ? Pick("", ",") : "").Append(Noise()).Append(']').ToString());
    }

    private (string Json, string Hocon) JoinedLists(int depth)
    {
        var (first, second) = (List(depth), List(depth));
        var joint = first.Json == "[]" || second.Json == "[]" ? "" : ",";
        return ($"{first.Json[..^1]}{joint}{second.Json[1..]}", $"{first.Hocon}{Pick("", " ", "\t", " ${?nowhere} ")}{second.Hocon}");
    }

    private (string Json, string Hocon) Object(int depth)
    {
        var (json, hocon) = Fields(depth);
        return (json, $"{{{hocon}{Noise()}}}{Pick("", " {}", "${?nowhere}")}");
    }

    private (string Json, string Hocon) Fields(int depth)
    {
        var (fields, hocon) = (new List<string>(), new StringBuilder());
        foreach (var key in random.GetItems(Keys, random.Next(5)).Distinct())
        {
            var (json, written) = Field(key, depth);
            hocon.Append(fields.Count > 0 ? Separator() : Noise()).Append(written);
            fields.Add($"{HoconJson.Quote(key)}:{json}");
        }

        return ($"{{{string.Join(',', fields)}}}", hocon.ToString());
    }

    private (string Json, string Hocon) Field(string name, int depth)
    {
        var key = Pick(name, HoconJson.Quote(name), $"\"\"\"{name}\"\"\"");
        var (json, hocon) = Value(depth);
        switch (random.Next(6))
        {
            case 0 when !json.StartsWith('{'):
                // Something stood there before, which is hidden.
                return (json, $"{key} = {Pick("${nowhere}", "{ x = 1 }", "[1]", "${?nowhere} y")}{Separator()}{key} : {hocon}");
            case 1:
                return ($"{{\"k\":{{\"l m\":{json}}}}}", $"{key}.k{Pick(".l m", ".\"l m\"")} : {hocon}");
            case 2:
                return ($"{{\"k\":{json},\"l\":1}}", $"{key}.k = {hocon}{Separator()}{key} {{ l = 1 }}");
            case 3 when depth > 0:
                var (fields, fieldsHocon) = Object(depth - 1);
                return (fields, $"{key}{Noise()}{fieldsHocon}");
            default:
                return (json, $"{key}{Noise()}{Pick(":", "=")}{Noise()}{hocon}");
        }
    }

    // White space, newlines and comments, where the grammar does not care.
    private string Noise() => Pick("", "", " ", "\n", "\t\r\n", "\u2003", " # comment } ] ,\n", "// \"\n");

    private string Separator() => Pick(",", " , ", "\n", "\n,\n", ",\n\n", " # c\n", " // c\n , # d\n");

    private T Pick<T>(params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];
}

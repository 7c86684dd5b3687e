using System.Globalization;
using System.Text;
using Proxy.Policy.Filters;

namespace Proxy.Policy.Tests.Filters;

/// <summary>A log in memory, which can read its lines back into bytes.</summary>
internal sealed class ListLog : IFilterLog
{
    public List<string> Lines { get; } = [];

    public bool IsClosed { get; private set; }

    public void WriteLine(long nowMicroseconds, ReadOnlySpan<char> line) => Lines.Add(line.ToString());

    public void Dispose() => IsClosed = true;

    /// <summary>The bytes of the direction to the upstream; each line must begin where the one before it ended.</summary>
    public string Read(FilterLogFormat format)
    {
        var result = new StringBuilder();
        foreach (var line in Lines)
        {
            Assert.Equal($"> {result.Length:x8}  ", line[..12]);
            result.Append(format == FilterLogFormat.Hex ? FromHex(line[12..60]) : FromText(line[12..]));
        }

        return result.ToString();
    }

    private static string FromHex(string numbers) => Encoding.Latin1.GetString(Convert.FromHexString(numbers.Replace(" ", "")));

    private static string FromText(string text)
    {
        var result = new StringBuilder();
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] != '\\')
            {
                result.Append(text[index]);
                continue;
            }

            var escape = text[++index];
            result.Append(escape switch
            {
                'r' => '\r',
                'n' => '\n',
                't' => '\t',
                '\\' => '\\',
                _ => (char)byte.Parse(text.AsSpan(index + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            });
            index += escape == 'x' ? 2 : 0;
        }

        return result.ToString();
    }
}

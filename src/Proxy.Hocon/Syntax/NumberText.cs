using System.Globalization;
using System.Numerics;

namespace Proxy.Hocon.Syntax;

/// <summary>Numbers as text: what is one, and its exact value.</summary>
internal static class NumberText
{
    // Longer ones are refused where a value is asked for: no setting has them, and arithmetic on them is not linear.
    private const int MaximumDigits = 400;
    private const int MaximumExponent = 400;

    /// <summary>Digits with at most one point (at either end too), a minus before and an exponent behind them.</summary>
    public static bool IsNumber(ReadOnlySpan<char> text)
    {
        var at = text.Length > 0 && text[0] == '-' ? 1 : 0;
        var digits = CountDigits(text[at..]);
        at += digits;
        if (at < text.Length && text[at] == '.')
        {
            var fraction = CountDigits(text[(at + 1)..]);
            digits += fraction;
            at += fraction + 1;
        }

        if (digits == 0)
        {
            return false;
        }

        if (at < text.Length && text[at] is 'e' or 'E')
        {
            at += at + 1 < text.Length && text[at + 1] is '+' or '-' ? 2 : 1;
            var exponent = CountDigits(text[at..]);
            at += exponent;
            return exponent > 0 && at == text.Length;
        }

        return at == text.Length;
    }

    /// <summary>The value as <paramref name="mantissa"/> × 10^<paramref name="exponent"/>. False: no number, or one beyond all reason.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out BigInteger mantissa, out int exponent)
    {
        mantissa = BigInteger.Zero;
        exponent = 0;
        text = text.StartsWith('+') && text.Length > 1 && text[1] != '-' ? text[1..] : text;
        if (text.Length > MaximumDigits || !IsNumber(text))
        {
            return false;
        }

        var end = text.IndexOfAny('e', 'E');
        if (end >= 0 && (!int.TryParse(text[(end + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
            || Math.Abs((long)exponent) > MaximumExponent))
        {
            return false;
        }

        var number = end < 0 ? text : text[..end];
        var point = number.IndexOf('.');
        if (point < 0)
        {
            mantissa = BigInteger.Parse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            return true;
        }

        exponent -= number.Length - point - 1;
        var digits = string.Concat(number[..point], number[(point + 1)..]);
        mantissa = BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return true;
    }

    /// <summary>The value times <paramref name="factor"/>, cut to a whole number towards zero, or to the nearest.</summary>
    public static BigInteger Scale(BigInteger mantissa, int exponent, BigInteger factor, bool isRounded)
    {
        var value = mantissa * factor;
        if (exponent >= 0)
        {
            return value * BigInteger.Pow(10, exponent);
        }

        var divisor = BigInteger.Pow(10, -exponent);
        var half = isRounded ? divisor / 2 * value.Sign : BigInteger.Zero;
        return (value + half) / divisor;
    }

    private static int CountDigits(ReadOnlySpan<char> text)
    {
        var count = text.IndexOfAnyExceptInRange('0', '9');
        return count < 0 ? text.Length : count;
    }
}

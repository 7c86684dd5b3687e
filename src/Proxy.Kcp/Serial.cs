namespace Proxy.Kcp;

/// <summary>
/// Order of numbers and times that wrap around: right as long as the two are less than 2^31 apart. At exactly that distance, which only
/// a forged number has, neither is before the other.
/// </summary>
internal static class Serial
{
    public static bool IsBefore(uint left, uint right) => (int)(right - left) > 0;

    public static bool IsAfter(uint left, uint right) => (int)(left - right) > 0;

    /// <summary>How far <paramref name="right"/> is ahead of <paramref name="left"/>; negative when it is behind.</summary>
    public static int Distance(uint left, uint right) => (int)(right - left);

    public static uint Earlier(uint left, uint right) => IsBefore(left, right) ? left : right;
}

namespace Proxy.Policy.Filters;

/// <summary>Every size that bounds what filters can make a connection hold or do, each with its reason.</summary>
public static class FilterLimits
{
    /// <summary>Filters of one connection. Each calls the next, so this bounds the stack too.</summary>
    public const int Filters = 16;

    /// <summary>Held by one filter in one direction until more bytes come: far more than any pattern, as much as one read brings.</summary>
    public const int HeldBytes = 64 * 1024;

    /// <summary>
    /// Written by all filters of a direction together for what one call brings: a read of 64 KiB grown by 64. Beyond it the
    /// bytes would have to be kept faster than anyone reads them, so the connection is cut.
    /// </summary>
    public const int WrittenBytesPerCall = 4 * 1024 * 1024;

    /// <summary>
    /// Held by one filter in one direction until a moment in time: all that one call can bring, behind what was there. A caller that stops
    /// reading when it should comes nowhere near, unless filters make more of the bytes.
    /// </summary>
    public const int StoredBytes = WrittenBytesPerCall + HeldBytes;

    /// <summary>A filter that asks to be called at once, again and again, must not keep the thread busy.</summary>
    public const int ShortestWaitMicroseconds = 1000;

    /// <summary>Of a cut's reason; it is for a log line.</summary>
    public const int ReasonCharacters = 256;

    /// <summary>Patterns of one filter, matching or replacing.</summary>
    public const int Patterns = 64;

    /// <summary>
    /// One pattern. Replacing compares every pattern at each place where one may begin, so a sender who knows them can make each byte cost
    /// as much as all of them together.
    /// </summary>
    public const int PatternBytes = 256;

    /// <summary>All patterns of one matching filter: each byte is a state with a table of 512 bytes, so 2 MiB in all.</summary>
    public const int AllPatternsBytes = 4096;
}

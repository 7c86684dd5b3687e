using System.Diagnostics.CodeAnalysis;

namespace Proxy.Hocon;

/// <summary>What came of loading a configuration: a document, or every error that could be found at once.</summary>
public sealed class HoconResult
{
    internal HoconResult(HoconDocument? document, IReadOnlyList<HoconError> errors, IReadOnlyList<string> files)
    {
        Document = document;
        Errors = errors;
        Files = files;
    }

    [MemberNotNullWhen(true, nameof(Document))]
    public bool IsSuccess => Document is not null;

    /// <summary>Null where there are errors.</summary>
    public HoconDocument? Document { get; }

    public IReadOnlyList<HoconError> Errors { get; }

    /// <summary>Every file that was read or looked for, also the missing ones: what to watch for changes.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <exception cref="HoconException">There are errors.</exception>
    public HoconDocument GetOrThrow() => Document ?? throw new HoconException(Errors);
}

namespace Proxy.Hocon;

/// <summary>The errors of one load, bounded: a broken file of megabytes shall not print megabytes.</summary>
internal sealed class ErrorList
{
    // Nobody corrects more than this many at once, and behind it they mostly follow from each other.
    public const int Maximum = 100;

    // A key may be as long as the text.
    private const int MaximumLength = 400;

    private readonly List<HoconError> _errors = [];

    public IReadOnlyList<HoconError> Errors => _errors;

    public bool IsFull => _errors.Count >= Maximum;

    public bool IsEmpty => _errors.Count == 0;

    public void Add(HoconErrorKind kind, string message, HoconOrigin origin, string path, string hint = "")
    {
        if (!IsFull)
        {
            _errors.Add(new HoconError(kind, Shorten(message), origin, Shorten(path), Shorten(hint)));
        }
    }

    private static string Shorten(string text) => text.Length <= MaximumLength ? text : text[..MaximumLength] + "…";
}

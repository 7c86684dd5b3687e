namespace Proxy.Node.Reloading;

/// <summary>What came of one reload, or of asking what it would do.</summary>
/// <param name="Changes">What is different now, or would be, one line each.</param>
/// <param name="Errors">Why nothing was changed; empty: it was.</param>
internal sealed record ReloadOutcome(IReadOnlyList<string> Changes, IReadOnlyList<string> Errors)
{
    public bool IsDone => Errors.Count == 0;

    public static ReloadOutcome Refused(params IReadOnlyList<string> errors) => new([], errors);
}

/// <summary>The last reload, as status shows it.</summary>
/// <param name="Generation">How many times the settings in force were changed since the start.</param>
/// <param name="LastAt">When the last reload was asked for; null: none was.</param>
/// <param name="Trigger">Who asked: a signal, a file, the admin address.</param>
/// <param name="Result">none, applied, unchanged, rejected.</param>
/// <param name="Errors">Of the last one, where it was rejected.</param>
/// <param name="Changes">Of the last one.</param>
/// <param name="AwaitingRestart">What is asked for and only the next process will do.</param>
internal sealed record ReloadStatus(
    long Generation,
    DateTimeOffset? LastAt,
    string? Trigger,
    string Result,
    IReadOnlyList<string> Errors,
    IReadOnlyList<string> Changes,
    IReadOnlyList<string> AwaitingRestart)
{
    public static readonly ReloadStatus None = new(0, null, null, "none", [], [], []);
}

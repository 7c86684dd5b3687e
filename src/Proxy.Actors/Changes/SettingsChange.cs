namespace Proxy.Actors;

/// <summary>When a change of settings is felt.</summary>
public enum ChangeEffect
{
    /// <summary>As soon as it is applied.</summary>
    AtOnce,

    /// <summary>By what begins from then on; what lives goes on under the settings it started with.</summary>
    NewConnections,

    /// <summary>Only by the next process; until then what was there before holds.</summary>
    Restart,
}

/// <summary>One difference between two configurations of a node, as people are told of it.</summary>
/// <param name="Subject">What is changed: <c>frontend web</c>.</param>
/// <param name="Text">How.</param>
public sealed record SettingsChange(string Subject, string Text, ChangeEffect Effect)
{
    public override string ToString() => $"{Subject}: {Text} [{TextOf(Effect)}]";

    private static string TextOf(ChangeEffect effect) => effect switch
    {
        ChangeEffect.AtOnce => "at once",
        ChangeEffect.NewConnections => "for what is new; what lives goes on as it began",
        _ => "needs a restart",
    };
}

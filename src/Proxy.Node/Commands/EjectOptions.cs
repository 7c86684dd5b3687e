using System.CommandLine;
using Proxy.Policy.Health;

namespace Proxy.Node.Commands;

/// <summary>When a server whose connections fail is taken out of service; on unless turned off.</summary>
internal sealed class EjectOptions
{
    private readonly Option<string> _eject = new("--eject")
    {
        Description = "Takes a server out of service after so many failures in a row within a window, for a time that grows with each ejection, "
            + "but never more than a share of the servers nor the last one. Parts left out keep their default; off: never.",
        HelpName = Form,
        DefaultValueFactory = _ => "failures=5,window=10s,for=30s,max=50%",
    };

    public void AddTo(Command command) => command.Add(_eject);

    public EjectionSettings? Read(ParseResult parsed)
    {
        var text = parsed.GetValue(_eject)!;
        if (text == "off")
        {
            return null;
        }

        return text.Split(',').Aggregate(EjectionSettings.Default, (settings, part) => part.Split('=', 2) switch
        {
            ["failures", var digits] => settings with { ConsecutiveFailures = Number(digits, EjectionSettings.MaximumConsecutiveFailures) },
            ["window", var duration] => settings with { Window = Values.Wait(duration, "--eject") },
            ["for", var duration] => Lasting(settings, Values.Wait(duration, "--eject")),
            ["max", var share] when share.EndsWith('%') => settings with { MaximumPercent = Number(share[..^1], 100) },
            _ => throw new UsageException($"--eject '{text}': {Form} is expected; '{part}' is none of these"),
        });

        int Number(string digits, int highest) => Values.Number(digits, 1, highest, "--eject", text);
    }

    // Ten times the first one is the longest, as in the default; no ejection is shorter than the first.
    private static EjectionSettings Lasting(EjectionSettings settings, TimeSpan time) =>
        settings with { BaseTime = time, MaximumTime = time * (EjectionSettings.Default.MaximumTime / EjectionSettings.Default.BaseTime) };

    private const string Form = "off | failures=N,window=DURATION,for=DURATION,max=PERCENT%";
}

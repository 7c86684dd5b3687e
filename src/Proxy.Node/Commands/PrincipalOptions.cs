using System.CommandLine;
using Proxy.Actors;
using Proxy.Policy;

namespace Proxy.Node.Commands;

/// <summary>What single principals of a server may do.</summary>
internal sealed class PrincipalOptions
{
    private const string Form = "NAME [allow=CIDR-or-name[:PORTS]]… [max-streams=N] [max-rate=N/s] [max-bytes=SIZE/DURATION]";

    private readonly Option<string[]> _principal = new("--principal")
    {
        Description = "What the holder of one key (--key-file NAME=FILE) may do where that is not what everybody may: with any allow only what its own allow says; "
            + "over all its tunnels, streams at once, new streams a second, and bytes in a time (10GB/1d). May be repeated. Default: --allow-destination, and no limit of its own.",
        HelpName = Form,
    };

    public void AddTo(Command command) => command.Add(_principal);

    /// <param name="names">Whom the keys know; anybody else is a mistake.</param>
    public IReadOnlyDictionary<string, PrincipalSettings> Read(ParseResult parsed, IReadOnlyCollection<string> names)
    {
        var principals = new Dictionary<string, PrincipalSettings>(StringComparer.Ordinal);
        foreach (var text in parsed.GetValue(_principal) ?? [])
        {
            var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0 || !names.Contains(parts[0]))
            {
                throw new UsageException($"--principal '{text}': {Form} is expected, with the name of a key; there is {string.Join(", ", names)}");
            }

            if (!principals.TryAdd(parts[0], Settings(parts.AsSpan(1), text)))
            {
                throw new UsageException($"--principal '{text}': '{parts[0]}' stands twice");
            }
        }

        return principals;
    }

    private static PrincipalSettings Settings(ReadOnlySpan<string> parts, string text)
    {
        var settings = new PrincipalSettings();
        var rules = new List<DestinationRule>();
        foreach (var part in parts)
        {
            switch (part.Split('=', 2))
            {
                case ["allow", var allowed]:
                    rules.Add(DestinationRule.TryParse(allowed, out var rule, out var error) ? rule : throw new UsageException($"--principal '{text}': {error}"));
                    break;
                case ["max-streams", var digits]:
                    settings = settings with { Quota = settings.Quota with { MaximumStreams = Values.Number(digits, 1, int.MaxValue, "--principal", text) } };
                    break;
                case ["max-rate", var rate] when rate.EndsWith("/s", StringComparison.Ordinal):
                    settings = settings with { Quota = settings.Quota with { StreamsPerSecond = Values.Number(rate[..^2], 1, 1_000_000, "--principal", text) } };
                    break;
                case ["max-bytes", var bytes] when bytes.Split('/') is [var size, var period]:
                    settings = settings with
                    {
                        Quota = settings.Quota with { Bytes = RateText.Size(size, "--principal"), Period = Values.Wait(period, "--principal") },
                    };
                    break;
                default:
                    throw new UsageException($"--principal '{text}': {Form} is expected; '{part}' is none of these");
            }
        }

        return rules.Count > 0 ? settings with { Destinations = new DestinationRules(rules) } : settings;
    }
}

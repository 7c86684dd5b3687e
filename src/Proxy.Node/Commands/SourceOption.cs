using System.CommandLine;
using Proxy.Node.Settings;
using Proxy.Transport.Dials;

namespace Proxy.Node.Commands;

/// <summary>Which of this machine's addresses connections go out from.</summary>
internal sealed class SourceOption
{
    private readonly Option<string[]> _source = new("--source")
    {
        DefaultValueFactory = _ => [],
        Description = "Which of this machine's addresses connections go out from; repeated: those of the destination's family in turn. Default: the system chooses.",
        HelpName = "ADDRESS",
    };

    public void AddTo(Command command) => command.Add(_source);

    public SourceAddresses Read(ParseResult parsed)
    {
        try
        {
            return new SourceAddresses([.. parsed.GetRequiredValue(_source).Select(SourcesReader.Parse)]);
        }
        catch (UsageException wrong)
        {
            throw new UsageException($"{_source.Name} {wrong.Message}");
        }
    }
}

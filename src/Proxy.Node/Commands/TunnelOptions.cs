using System.CommandLine;
using Proxy.Tunnel.Native;

namespace Proxy.Node.Commands;

/// <summary>How a sealed tunnel carries its bytes; for those who know their line better than it finds out.</summary>
internal sealed class TunnelOptions
{
    private readonly Option<int> _lanes = new("--lanes")
    {
        Description = "Streams share so many lanes; what is lost on one holds up no other. The end with fewer decides.",
        HelpName = "N",
        DefaultValueFactory = _ => NativeTunnelSettings.Default.UserLanes,
    };

    private readonly Option<int> _mtu = new("--mtu")
    {
        Description = "The largest UDP payload that is tried. The end with less decides.",
        HelpName = "BYTES",
        DefaultValueFactory = _ => NativeTunnelSettings.Default.MaximumDatagramBytes,
    };

    private readonly Option<string?> _rate = new("--tunnel-rate")
    {
        Description = "Sends at that rate, whatever the path seems to carry. Default: it is found out.",
        HelpName = RateText.Form,
    };

    private readonly Option<string> _fec = new("--fec")
    {
        Description = "Forward error correction of what this end sends: adaptive, where a long path loses and a tail would wait for it; or K/M, so that "
            + "of K datagrams M may be lost, always. The other end has its own.",
        HelpName = FecText.Form,
        DefaultValueFactory = _ => FecText.Off,
    };

    public void AddTo(Command command)
    {
        command.Add(_lanes);
        command.Add(_mtu);
        command.Add(_rate);
        command.Add(_fec);
    }

    public NativeTunnelSettings Read(ParseResult parsed)
    {
        var fec = parsed.GetValue(_fec)!;
        var settings = FecText.Apply(fec, NativeTunnelSettings.Default)
            ?? throw new UsageException($"--fec '{fec}': {FecText.Form} is expected, such as 20/2");
        settings = settings with
        {
            UserLanes = parsed.GetValue(_lanes),
            MaximumDatagramBytes = parsed.GetValue(_mtu),
            FixedBytesPerSecond = parsed.GetValue(_rate) is { } rate ? RateText.Rate(rate, "--tunnel-rate") : 0,
        };
        try
        {
            settings.Validate();
            return settings;
        }
        catch (ArgumentOutOfRangeException wrong)
        {
            var option = wrong.ParamName switch
            {
                nameof(NativeTunnelSettings.UserLanes) => "--lanes",
                nameof(NativeTunnelSettings.FecMembers) or nameof(NativeTunnelSettings.FecShards) => "--fec",
                _ => "--mtu",
            };
            throw new UsageException($"{option}: {wrong.ActualValue} is beyond what is possible here");
        }
    }
}

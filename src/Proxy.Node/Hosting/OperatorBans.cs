using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Proxy.Actors;
using Proxy.Cluster.Bans;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Protocol;

namespace Proxy.Node.Hosting;

/// <summary>Sources that an operator bans at this node, and by it at all of the cluster. Thread-safe.</summary>
internal sealed class OperatorBans(ClusterDoor door, ILogger log)
{
    /// <param name="address">Itself, or any of an IPv6 /64.</param>
    /// <param name="time">For how long; zero: no more.</param>
    /// <param name="why">A line for people.</param>
    public void Ban(IPAddress address, TimeSpan time, string why)
    {
        var source = $"{SourceBans.KeyOf(NetworkAddress.From(address))}";
        if (time == TimeSpan.Zero)
        {
            door.Unban(source);
            log.LogInformation("{Source} is not banned any more", source);
            return;
        }

        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var text = WireText.Read(Encoding.UTF8.GetBytes(why[..Math.Min(why.Length, MostLetters)]));
        door.Ban(new SharedBan(source, BanScope.All, now + (long)time.TotalMilliseconds, text), now);
        log.LogInformation("{Source} is banned for {Seconds} s: {Why}", source, time.TotalSeconds, text);
    }

    private const int MostLetters = 200;
}

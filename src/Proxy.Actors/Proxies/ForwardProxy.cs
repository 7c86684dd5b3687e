using Proxy.Cluster.Bans;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Protocol.Socks;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>What the clients of one forward proxy share. Any thread.</summary>
/// <param name="settings">What is spoken, and who may.</param>
/// <param name="frontend">Whose it is, for the others of the cluster.</param>
/// <param name="door">Bans that hold at all nodes.</param>
/// <param name="clock">By which these end.</param>
internal sealed class ForwardProxy(ForwardProxySettings settings, string frontend, ClusterDoor door, TimeProvider clock)
{
    private readonly SourceBans _bans = new();

    public ForwardProtocols Protocols { get; } = settings.Protocols;

    public bool AsksWho { get; } = settings.Users is not null;

    public string? Via { get; } = settings.Via;

    public static ForwardProxy? TryCreate(FrontendSettings settings, ClusterDoor door, TimeProvider clock) =>
        settings.Proxy is { } proxy ? new ForwardProxy(proxy, settings.Name, door, clock) : null;

    /// <summary>Who one client can show to be. For its loop's thread only.</summary>
    public Guard GuardOf(System.Net.IPEndPoint client, IIoLoop loop) => new(this, settings.Users, NetworkAddress.From(client.Address), loop);

    private long NowUnixMilliseconds => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private bool IsBanned(NetworkAddress source, long nowMicroseconds) => _bans.IsBanned(source, nowMicroseconds)
        || (!door.Bans.IsEmpty && door.Bans.Find($"{SourceBans.KeyOf(source)}", BanScope.Passwords, NowUnixMilliseconds) is not null);

    /// <summary>For how long the source is banned now, in microseconds; 0: it is not.</summary>
    private long NoteFailure(NetworkAddress source, long nowMicroseconds)
    {
        var ban = _bans.NoteFailure(source, nowMicroseconds);
        if (ban > 0)
        {
            var now = NowUnixMilliseconds;
            door.Ban(new SharedBan($"{SourceBans.KeyOf(source)}", BanScope.Passwords, now + (ban / 1000), $"wrong passwords at {frontend}"), now);
        }

        return ban;
    }

    internal sealed class Guard(ForwardProxy proxy, ProxyUsers? users, NetworkAddress source, IIoLoop loop) : ISocksUsers
    {
        /// <summary>Why the last answer was no, for the log.</summary>
        public string Problem { get; private set; } = "";

        /// <summary>It has not said who it is.</summary>
        public void NoteUnasked() => Problem = "a name and a password are asked for here";

        public bool IsRight(ReadOnlySpan<byte> user, ReadOnlySpan<byte> password)
        {
            if (users is null)
            {
                return true;
            }

            if (proxy.IsBanned(source, loop.NowMicroseconds))
            {
                Problem = "too many wrong passwords came from its address; it has to wait";
                return false;
            }

            if (users.IsRight(user, password))
            {
                proxy._bans.NoteSuccess(source);
                return true;
            }

            var ban = proxy.NoteFailure(source, loop.NowMicroseconds);
            Problem = ban == 0 ? "wrong name or password" : $"wrong name or password; its address is banned for {ban / 1_000_000} s";
            return false;
        }
    }
}

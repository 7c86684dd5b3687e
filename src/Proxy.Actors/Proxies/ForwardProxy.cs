using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Protocol.Socks;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>What the clients of one forward proxy share. Any thread.</summary>
internal sealed class ForwardProxy(ForwardProxySettings settings)
{
    private readonly SourceBans _bans = new();

    public ForwardProtocols Protocols { get; } = settings.Protocols;

    public bool AsksWho { get; } = settings.Users is not null;

    public string? Via { get; } = settings.Via;

    public static ForwardProxy? TryCreate(FrontendSettings settings) => settings.Proxy is { } proxy ? new ForwardProxy(proxy) : null;

    /// <summary>Who one client can show to be. For its loop's thread only.</summary>
    public Guard GuardOf(System.Net.IPEndPoint client, IIoLoop loop) => new(settings.Users, _bans, NetworkAddress.From(client.Address), loop);

    internal sealed class Guard(ProxyUsers? users, SourceBans bans, NetworkAddress source, IIoLoop loop) : ISocksUsers
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

            if (bans.IsBanned(source, loop.NowMicroseconds))
            {
                Problem = "too many wrong passwords came from its address; it has to wait";
                return false;
            }

            if (users.IsRight(user, password))
            {
                bans.NoteSuccess(source);
                return true;
            }

            var ban = bans.NoteFailure(source, loop.NowMicroseconds);
            Problem = ban == 0 ? "wrong name or password" : $"wrong name or password; its address is banned for {ban / 1_000_000} s";
            return false;
        }
    }
}

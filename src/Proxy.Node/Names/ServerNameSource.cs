using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;
using Proxy.Policy.Names;

namespace Proxy.Node.Names;

/// <summary>
/// Asks name servers, IPv6 and IPv4 at once, and takes over how long they say their answers are true: that of the shortest record, or of the zone's SOA
/// where there is none (RFC 2308).
/// </summary>
internal sealed class ServerNameSource : INameSource
{
    private readonly Lazy<LookupClient> _client;

    /// <param name="servers">Empty: those of this system.</param>
    /// <param name="timeout">For each question; it is asked three times.</param>
    public ServerNameSource(IReadOnlyList<IPEndPoint> servers, TimeSpan timeout)
    {
        // With the first question: a node that is asked for no name does not look for servers.
        _client = new Lazy<LookupClient>(() =>
        {
            var options = servers.Count == 0 ? new LookupClientOptions() : new LookupClientOptions([.. servers]);
            options.UseCache = false;
            options.Timeout = timeout;
            options.Retries = 2;
            options.ThrowDnsErrors = false;
            return new LookupClient(options);
        });
    }

    public async Task<NameAnswer> AskAsync(string name)
    {
        // The final dot: as it stands, without a search domain.
        var full = name.EndsWith('.') ? name : name + ".";
        var answers = await Task.WhenAll(_client.Value.QueryAsync(full, QueryType.AAAA), _client.Value.QueryAsync(full, QueryType.A));
        var records = answers.SelectMany(answer => answer.Answers.OfType<AddressRecord>()).ToArray();
        if (records.Length > 0)
        {
            return new NameAnswer([.. records.Select(record => record.Address)], TimeSpan.FromSeconds(records.Min(record => record.InitialTimeToLive)));
        }

        if (answers.Any(answer => answer.HasError && answer.Header.ResponseCode != DnsHeaderResponseCode.NotExistentDomain))
        {
            throw new SocketException((int)SocketError.TryAgain);
        }

        var soa = answers.SelectMany(answer => answer.Authorities.OfType<SoaRecord>()).FirstOrDefault();
        return new NameAnswer([], TimeSpan.FromSeconds(soa is null ? 0 : Math.Min(soa.Minimum, soa.InitialTimeToLive)));
    }
}

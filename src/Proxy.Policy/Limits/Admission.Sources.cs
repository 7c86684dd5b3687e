using Proxy.Policy.Rules;

namespace Proxy.Policy.Limits;

/// <summary>
/// Counts by source. A limit that is off costs nothing: there is no table for it, and one that is switched on later counts who is there.
/// </summary>
public sealed partial class Admission
{
    private SourceCounts<NetworkAddress>? _byAddress;
    private SourceCounts<Cidr>? _byPrefix;

    /// <summary>How many addresses and networks are counted now; 0 when there is no connection, or no limit by source.</summary>
    public int TrackedSources => (_byAddress?.EntryCount ?? 0) + (_byPrefix?.EntryCount ?? 0);

    private RefusalReason? SourceRefusal(NetworkAddress? source)
    {
        if (source is not { } address)
        {
            return null;
        }

        if (_byAddress?.Of(address) >= _settings.MaximumConnectionsPerSource)
        {
            return RefusalReason.SourceConnections;
        }

        return _byPrefix?.Of(PrefixOf(address)) >= _settings.MaximumConnectionsPerPrefix ? RefusalReason.PrefixConnections : null;
    }

    private void Count(AdmissionLease lease)
    {
        if (lease.Source is { } source)
        {
            _byAddress?.Add(source);
            _byPrefix?.Add(PrefixOf(source));
        }
    }

    private void Uncount(AdmissionLease lease)
    {
        if (lease.Source is { } source)
        {
            _byAddress?.Remove(source);
            _byPrefix?.Remove(PrefixOf(source));
        }
    }

    /// <summary>After the settings changed: counts everybody afresh, by the limits and the prefix lengths of now.</summary>
    private void Recount()
    {
        _byAddress = _settings.MaximumConnectionsPerSource < int.MaxValue ? new() : null;
        _byPrefix = _settings.MaximumConnectionsPerPrefix < int.MaxValue ? new() : null;
        if (_byAddress is null && _byPrefix is null)
        {
            return;
        }

        foreach (var list in (ReadOnlySpan<LeaseList>)[_admitted, _queue])
        {
            for (var lease = list.First; lease is not null; lease = lease.Next)
            {
                Count(lease);
            }
        }
    }

    private Cidr PrefixOf(NetworkAddress source) => source.BlockOf(_settings.IPv4PrefixLength, _settings.IPv6PrefixLength);
}

using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Chains.Datagrams;

/// <summary>
/// A flow of datagrams through hops that are reached over UDP, at the end that asks for it: puts the headers of all hops in front of each datagram,
/// and takes their responses off each that comes back. For one flow and one thread.
/// </summary>
public sealed class DatagramCall : IDisposable
{
    private readonly ChainPath _path;
    private readonly int _firstHop;
    private readonly Hop[] _hops;

    /// <param name="path">Where it goes. Every hop from <paramref name="firstHop"/> on has a key.</param>
    /// <param name="firstHop">The first whose header travels in the datagrams, counted from 0; those before it were told otherwise.</param>
    /// <param name="random">The salts of the flow.</param>
    public DatagramCall(ChainPath path, int firstHop, IRandomBytes random)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(random);
        (_path, _firstHop) = (path, firstHop);
        _hops = new Hop[path.Hops.Count - firstHop];
        for (var index = 0; index < _hops.Length; index++)
        {
            _hops[index] = new Hop(path.Hops[firstHop + index].Key!, path.RequestOf(firstHop + index), random);
            HeaderBytes += DatagramRequest.OverheadBytes + _hops[index].Request.Length;
        }
    }

    /// <summary>What stands in front of each datagram.</summary>
    public int HeaderBytes { get; }

    /// <summary>The first that a hop has said other than "ok"; null: nothing.</summary>
    public ChainFailure? Failure { get; private set; }

    /// <summary>Writes the headers, which the datagram is to follow, and returns <see cref="HeaderBytes"/>.</summary>
    /// <param name="unixMilliseconds">The system's clock, which hops hold against theirs.</param>
    public int WriteHeaders(Span<byte> target, long unixMilliseconds)
    {
        var length = 0;
        foreach (var hop in _hops)
        {
            length += DatagramRequest.Write(target[length..], hop.Request, hop.Key, hop.Salt, hop.Requests, unixMilliseconds);
        }

        return length;
    }

    /// <summary>Takes the responses off the front. False: it is no answer of these hops, or one of them has refused (<see cref="Failure"/>).</summary>
    public bool TryTake(ref ReadOnlySpan<byte> datagram)
    {
        for (var index = 0; index < _hops.Length; index++)
        {
            if (DatagramResponse.Take(ref datagram, _hops[index].Responses) is not { } response)
            {
                return false;
            }

            if (response.Status != ChainStatus.Ok)
            {
                Failure ??= ChainFailure.Of(_path, _firstHop + index + 1, response);
                return false;
            }
        }

        return true;
    }

    public void Dispose()
    {
        foreach (var hop in _hops)
        {
            hop.Requests.Dispose();
            hop.Responses.Dispose();
        }
    }

    private sealed class Hop
    {
        public Hop(PresharedKey key, ChainRequest request, IRandomBytes random)
        {
            Key = key;
            Request = new byte[request.LengthBytes];
            request.Write(Request);
            random.Fill(Salt);
            Requests = DatagramSeal.OfRequests(key, Salt);
            Responses = DatagramSeal.OfResponses(key, Salt);
        }

        public PresharedKey Key { get; }

        public byte[] Request { get; }

        public byte[] Salt { get; } = new byte[ChainSeal.SaltBytes];

        public DatagramSeal Requests { get; }

        public DatagramSeal Responses { get; }
    }
}

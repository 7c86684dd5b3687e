using Proxy.Protocol.Ends;
using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Chains;

/// <summary>
/// One connection through a chain, at the end that asks for it: makes the headers of all hops, which may be followed by payload at once, and
/// takes the hops' answers, in order, off the front of what comes back. The first that is not ok, or not there, says which hop failed.
/// Made anew for each attempt: a seal is good once.
/// </summary>
public sealed class ChainCall : IDisposable
{
    private readonly ChainPath _path;
    private readonly SecretBytes?[] _answerKeys;
    private byte[] _unread = [];

    /// <param name="path">Where it goes.</param>
    /// <param name="random">The salts of sealed headers.</param>
    /// <param name="unixMilliseconds">The system's clock, which hops hold against theirs.</param>
    public ChainCall(ChainPath path, IRandomBytes random, long unixMilliseconds)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(random);
        _path = path;
        _answerKeys = new SecretBytes?[path.Hops.Count];
        Headers = WriteHeaders(random, unixMilliseconds);
    }

    /// <summary>What the stream begins with.</summary>
    public ReadOnlyMemory<byte> Headers { get; }

    /// <summary>Hops that have answered that they went on.</summary>
    public int Answered { get; private set; }

    /// <summary>Whether every hop has answered, and the rest of the stream is the destination's.</summary>
    public bool IsOpen => Answered == _answerKeys.Length;

    /// <summary>Null while nothing is wrong.</summary>
    public ChainFailure? Failure { get; private set; }

    /// <summary>Takes what belongs to answers off <paramref name="bytes"/>; what is left is the destination's. Nothing is left after a failure.</summary>
    public ReadOnlySpan<byte> Take(ReadOnlySpan<byte> bytes)
    {
        if (_unread.Length > 0)
        {
            bytes = (byte[])[.. _unread, .. bytes];
            _unread = [];
        }

        while (!IsOpen && Failure is null)
        {
            var status = Read(bytes, out var consumed, out var response);
            if (status == ReadStatus.NeedMore)
            {
                // Shorter than an answer can be.
                _unread = bytes.ToArray();
                return default;
            }

            bytes = bytes[consumed..];
            if (status == ReadStatus.Done)
            {
                Handle(response!);
            }
        }

        return Failure is null ? bytes : default;
    }

    /// <summary>The stream ended before every hop had answered.</summary>
    /// <param name="text">How.</param>
    public void HandleEnded(string text)
    {
        if (!IsOpen)
        {
            Failure ??= new ChainFailure(Answered + 1, EndReason.ChainBroken, $"{_path.NameOf(Answered + 1)} did not answer: {text}");
        }
    }

    public void Dispose()
    {
        foreach (var key in _answerKeys)
        {
            key?.Dispose();
        }
    }

    private void Handle(ChainResponse response)
    {
        if (response.Status == ChainStatus.Ok)
        {
            _answerKeys[Answered++]?.Dispose();
            return;
        }

        Failure = ChainFailure.Of(_path, Answered + 1, response);
    }

    private ReadStatus Read(ReadOnlySpan<byte> bytes, out int consumed, out ChainResponse? response)
    {
        (consumed, response) = (0, null);
        var key = _answerKeys[Answered];
        if (bytes.IsEmpty)
        {
            return ReadStatus.NeedMore;
        }

        if (key is not null && bytes[0] == ChainSeal.Version)
        {
            var sealedStatus = SealedResponse.TryRead(bytes, key.Span, out consumed, out response, out var rule, out var isAuthentic);
            return Judge(sealedStatus, isAuthentic ? rule.ToString() : "it was not sealed with this hop's key");
        }

        var status = ChainResponse.TryRead(bytes, out consumed, out response, out var broken);
        if (key is not null && status == ReadStatus.Done && response!.Status == ChainStatus.Ok)
        {
            // Anybody on the way can say no. Only the hop can say yes.
            return Judge(ReadStatus.Malformed, "it was not sealed");
        }

        return Judge(status, broken.ToString());
    }

    private ReadStatus Judge(ReadStatus status, string problem)
    {
        if (status == ReadStatus.Malformed)
        {
            Failure = new ChainFailure(Answered + 1, EndReason.ChainBroken, $"{_path.NameOf(Answered + 1)}: its answer is none: {problem}");
        }

        return status;
    }

    private byte[] WriteHeaders(IRandomBytes random, long unixMilliseconds)
    {
        var headers = new byte[_path.Hops.Count * SealedRequest.MaxLengthBytes];
        Span<byte> salt = stackalloc byte[ChainSeal.SaltBytes];
        var end = 0;
        for (var index = 0; index < _path.Hops.Count; index++)
        {
            var request = _path.RequestOf(index);
            if (_path.Hops[index].Key is not { } key)
            {
                end += request.Write(headers.AsSpan(end));
                continue;
            }

            random.Fill(salt);
            end += SealedRequest.Write(headers.AsSpan(end), request, key, salt, unixMilliseconds);
            _answerKeys[index] = ChainSeal.ResponseKey(key, salt);
        }

        return headers[..end];
    }
}

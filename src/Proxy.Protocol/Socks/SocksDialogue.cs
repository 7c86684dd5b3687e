using System.Buffers.Binary;
using System.Net;
using System.Text;
using Proxy.Protocol.Chains;

namespace Proxy.Protocol.Socks;

/// <summary>What came of the bytes so far.</summary>
public enum SocksProgress
{
    /// <summary>More are needed.</summary>
    NeedMore,

    /// <summary>The answer is to be sent, and the client goes on.</summary>
    Answered,

    /// <summary>The request is there; whoever runs it answers it.</summary>
    Requested,

    /// <summary>A rule is broken. The answer, if there is one, is to be sent before the connection is closed.</summary>
    Broken,
}

/// <summary>
/// The server's side of SOCKS until the request is known: version 5 (RFC 1928) with no authentication or with name and password (RFC 1929), and
/// version 4 with and without 4a's names. Takes what a client has sent, in any pieces; keeps nothing of it. Version 4 carries no password, so it is
/// not spoken where users are asked for. For one client; not thread-safe.
/// </summary>
/// <param name="users">Null: nobody is asked who he is.</param>
public sealed class SocksDialogue(ISocksUsers? users)
{
    public const byte Version4 = 4;
    public const byte Version5 = 5;

    private Stage _stage = Stage.Greeting;
    private string? _user;

    private enum Stage
    {
        Greeting,
        Credentials,
        Request,
        Done,
    }

    /// <summary>The rule, once one is broken.</summary>
    public SocksRule BrokenRule { get; private set; }

    /// <summary>The request, once it is there.</summary>
    public SocksRequest? Request { get; private set; }

    /// <summary>Whether this first byte can begin a SOCKS connection.</summary>
    public static bool IsBegunBy(byte first) => first is Version4 or Version5;

    /// <summary>Takes one message from the front of <paramref name="bytes"/>. To be called again after <see cref="SocksProgress.Answered"/>.</summary>
    /// <param name="consumedBytes">What it took; what follows the request is the client's payload.</param>
    /// <param name="answer">To be sent now; empty: nothing.</param>
    public SocksProgress Read(ReadOnlySpan<byte> bytes, out int consumedBytes, out byte[] answer)
    {
        (consumedBytes, answer) = (0, []);
        if (bytes.IsEmpty)
        {
            return SocksProgress.NeedMore;
        }

        return _stage switch
        {
            Stage.Greeting when bytes[0] == Version5 => ReadGreeting(bytes, out consumedBytes, ref answer),
            Stage.Greeting when bytes[0] == Version4 && users is null => ReadVersion4(bytes, out consumedBytes, ref answer),
            Stage.Greeting => Break(SocksRule.UnknownVersion, [], ref answer),
            Stage.Credentials => ReadCredentials(bytes, out consumedBytes, ref answer),
            Stage.Request => ReadRequest(bytes, out consumedBytes, ref answer),
            _ => throw new InvalidOperationException("The dialogue is over."),
        };
    }

    // | version | count | methods... |  →  | version | method |
    private SocksProgress ReadGreeting(ReadOnlySpan<byte> bytes, out int consumedBytes, ref byte[] answer)
    {
        consumedBytes = 0;
        if (bytes.Length < 2 || bytes.Length < 2 + bytes[1])
        {
            return SocksProgress.NeedMore;
        }

        var wanted = users is null ? NoAuthentication : NameAndPassword;
        if (!bytes.Slice(2, bytes[1]).Contains(wanted))
        {
            return Break(SocksRule.NoCommonMethod, [Version5, NoMethod], ref answer);
        }

        consumedBytes = 2 + bytes[1];
        answer = [Version5, wanted];
        _stage = users is null ? Stage.Request : Stage.Credentials;
        return SocksProgress.Answered;
    }

    // | 1 | length | name... | length | password... |  →  | 1 | 0 when right |
    private SocksProgress ReadCredentials(ReadOnlySpan<byte> bytes, out int consumedBytes, ref byte[] answer)
    {
        consumedBytes = 0;
        if (bytes[0] != CredentialsVersion)
        {
            return Break(SocksRule.BadCredentialsForm, [CredentialsVersion, 1], ref answer);
        }

        if (bytes.Length < 2 || bytes.Length < 3 + bytes[1] || bytes.Length < 3 + bytes[1] + bytes[2 + bytes[1]])
        {
            return SocksProgress.NeedMore;
        }

        var user = bytes.Slice(2, bytes[1]);
        var password = bytes.Slice(3 + user.Length, bytes[2 + user.Length]);
        if (!users!.IsRight(user, password))
        {
            return Break(SocksRule.WrongCredentials, [CredentialsVersion, 1], ref answer);
        }

        _user = WireText.Read(user);
        consumedBytes = 3 + user.Length + password.Length;
        answer = [CredentialsVersion, 0];
        _stage = Stage.Request;
        return SocksProgress.Answered;
    }

    // | version | command | 0 | address |
    private SocksProgress ReadRequest(ReadOnlySpan<byte> bytes, out int consumedBytes, ref byte[] answer)
    {
        consumedBytes = 0;
        if (bytes[0] != Version5)
        {
            return Break(SocksRule.BadRequestVersion, Refusal(SocksReply.GeneralFailure), ref answer);
        }

        if (bytes.Length < 4)
        {
            return SocksProgress.NeedMore;
        }

        var command = (SocksCommand)bytes[1];
        if (command is not (SocksCommand.Connect or SocksCommand.Bind or SocksCommand.UdpAssociate))
        {
            return Break(SocksRule.UnknownCommand, Refusal(SocksReply.CommandNotSupported), ref answer);
        }

        var rest = bytes[3..];
        switch (AddressCodec.TryTake(ref rest, out var destination))
        {
            case ChainRule.AddressCut:
                return SocksProgress.NeedMore;
            case ChainRule.UnknownAddressType:
                return Break(SocksRule.UnknownAddressType, Refusal(SocksReply.AddressTypeNotSupported), ref answer);
            case ChainRule.BadName:
                return Break(SocksRule.BadName, Refusal(SocksReply.GeneralFailure), ref answer);
        }

        if (destination.Port == 0 && command == SocksCommand.Connect)
        {
            return Break(SocksRule.PortMissing, Refusal(SocksReply.GeneralFailure), ref answer);
        }

        consumedBytes = bytes.Length - rest.Length;
        return Take(new SocksRequest(Version5, command, destination, _user));
    }

    // | 4 | command | port | IPv4 address | user..., 0 | 4a, where the address is 0.0.0.x: name..., 0 |
    private SocksProgress ReadVersion4(ReadOnlySpan<byte> bytes, out int consumedBytes, ref byte[] answer)
    {
        consumedBytes = 0;
        if (bytes.Length >= 2 && bytes[1] is not ((byte)SocksCommand.Connect or (byte)SocksCommand.Bind))
        {
            return Break(SocksRule.UnknownCommand, Refusal4(), ref answer);
        }

        if (bytes.Length < Version4HeadBytes)
        {
            return SocksProgress.NeedMore;
        }

        var position = Version4HeadBytes;
        var isNamed = bytes[4] == 0 && bytes[5] == 0 && bytes[6] == 0 && bytes[7] != 0;
        var host = ReadOnlySpan<byte>.Empty;
        for (var texts = isNamed ? 2 : 1; texts > 0; texts--)
        {
            var rest = bytes[position..];
            var length = rest.IndexOf((byte)0);
            if (length > ProtocolLimits.NameBytes || (length < 0 && rest.Length > ProtocolLimits.NameBytes))
            {
                return Break(SocksRule.TextTooLong, Refusal4(), ref answer);
            }

            if (length < 0)
            {
                return SocksProgress.NeedMore;
            }

            host = rest[..length];
            position += length + 1;
        }

        var port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        var destination = Destination.Of(new IPAddress(bytes.Slice(4, 4)), port);
        if (isNamed && !Destination.TryCreate(Encoding.Latin1.GetString(host), port, out destination))
        {
            return Break(SocksRule.BadName, Refusal4(), ref answer);
        }

        if (port == 0)
        {
            return Break(SocksRule.PortMissing, Refusal4(), ref answer);
        }

        consumedBytes = position;
        return Take(new SocksRequest(Version4, (SocksCommand)bytes[1], destination, User: null));
    }

    private SocksProgress Take(SocksRequest request)
    {
        Request = request;
        _stage = Stage.Done;
        return SocksProgress.Requested;
    }

    private SocksProgress Break(SocksRule rule, byte[] refusal, ref byte[] answer)
    {
        (BrokenRule, answer, _stage) = (rule, refusal, Stage.Done);
        return SocksProgress.Broken;
    }

    private static byte[] Refusal(SocksReply reply) => [Version5, (byte)reply, 0, 1, 0, 0, 0, 0, 0, 0];

    private static byte[] Refusal4()
    {
        var refusal = new byte[SocksRequest.Version4AnswerBytes];
        SocksRequest.WriteVersion4(refusal, isGranted: false, Nowhere);
        return refusal;
    }

    private static readonly IPEndPoint Nowhere = new(IPAddress.Any, 0);
    private const byte CredentialsVersion = 1;
    private const byte NoAuthentication = 0;
    private const byte NameAndPassword = 2;
    private const byte NoMethod = 0xFF;
    private const int Version4HeadBytes = 8;
}

using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Proxy.TestKit;

/// <summary>A name server that says what it is told to say (RFC 1035, 4).</summary>
public sealed class NameServer : IDisposable
{
    private readonly UdpClient _socket;
    private int _questions;

    /// <summary>On a free port of 127.0.0.1.</summary>
    public NameServer()
        : this(new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)))
    {
    }

    public NameServer(UdpClient socket)
    {
        _socket = socket;
        _ = RunAsync();
    }

    public IPEndPoint Address => (IPEndPoint)_socket.Client.LocalEndPoint!;

    /// <summary>Of the names that are there; null: there is no such name. Nobody answers while it is null itself.</summary>
    public Func<string, (IPAddress Address, int Seconds)?>? Say { get; set; } = _ => null;

    public int Questions => Volatile.Read(ref _questions);

    public void Dispose() => _socket.Dispose();

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var heard = await _socket.ReceiveAsync();
                Interlocked.Increment(ref _questions);
                if (Say is { } say)
                {
                    await _socket.SendAsync(Answer(heard.Buffer, say), heard.RemoteEndPoint);
                }
            }
        }
        catch (Exception failure) when (failure is ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private static byte[] Answer(byte[] question, Func<string, (IPAddress Address, int Seconds)?> say)
    {
        const int HeaderBytes = 12;
        const int NoSuchName = 3;
        var labels = new List<string>();
        var at = HeaderBytes;
        while (question[at] != 0)
        {
            labels.Add(Encoding.ASCII.GetString(question, at + 1, question[at]));
            at += question[at] + 1;
        }

        var type = BinaryPrimitives.ReadUInt16BigEndian(question.AsSpan(at + 1));
        var end = at + 5;
        var said = say(string.Join('.', labels));
        var isAnswered = said is not null && type == (said.Value.Address.AddressFamily == AddressFamily.InterNetwork ? 1 : 28);
        var answer = new List<byte>(question[..end]);
        answer[2] = 0x84;
        answer[3] = (byte)(said is null ? NoSuchName : 0);
        (answer[7], answer[9], answer[11]) = (isAnswered ? (byte)1 : (byte)0, 0, 0);
        if (isAnswered)
        {
            var (address, seconds) = said!.Value;
            var bytes = address.GetAddressBytes();
            answer.AddRange([0xc0, HeaderBytes, (byte)(type >> 8), (byte)type, 0, 1, (byte)(seconds >> 24), (byte)(seconds >> 16), (byte)(seconds >> 8), (byte)seconds, 0, (byte)bytes.Length]);
            answer.AddRange(bytes);
        }

        return [.. answer];
    }
}

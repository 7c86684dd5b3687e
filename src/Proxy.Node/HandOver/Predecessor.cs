using System.Net;
using System.Text;
using Proxy.Transport;
using Proxy.Transport.HandOver;

namespace Proxy.Node.HandOver;

/// <summary>The process whose place this one takes: it gives its listening sockets, and drains when it hears that this one is ready.</summary>
internal sealed class Predecessor : IDisposable
{
    private readonly DescriptorSocket _connection;

    private Predecessor(DescriptorSocket connection)
    {
        _connection = connection;
    }

    /// <summary>The predecessor's; this process's is one more.</summary>
    public byte Generation { get; private init; }

    public int Process => _connection.PeerProcess;

    /// <summary>Asks whoever listens at that path for its sockets. Null: nobody does, and this process is the first.</summary>
    /// <exception cref="IOException">Somebody does, and something else came than its sockets.</exception>
    public static Predecessor? Find(string path, ListeningSockets sockets)
    {
        if (!DescriptorSocket.TryConnect(path, out var connection))
        {
            return null;
        }

        try
        {
            return new Predecessor(connection) { Generation = Receive(connection, sockets) };
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>This process accepts from here on.</summary>
    public void TellReady() => HandOverMessage.TrySend(_connection, HandOverMessage.Ready);

    /// <summary>A <see cref="Actors.PassToOlder"/>.</summary>
    public bool TryPass(IPEndPoint asked, ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress from) =>
        PassedOn.TrySend(_connection, asked, datagrams, segmentSizeBytes, from);

    public void Dispose() => _connection.Dispose();

    private static byte Receive(DescriptorSocket connection, ListeningSockets sockets)
    {
        if (!HandOverMessage.TrySend(connection, HandOverMessage.Greeting))
        {
            throw new IOException("it takes no greeting");
        }

        var buffer = new byte[DescriptorSocket.LargestMessageBytes];
        while (connection.TryReceive(buffer, out var bytes, out var descriptor))
        {
            var text = Encoding.UTF8.GetString(buffer.AsSpan(0, bytes));
            if (descriptor is not null && HandOverMessage.TryReadSocket(text, out var kind, out var asked))
            {
                sockets.Offer(new ListeningSocket(kind, asked, descriptor));
                continue;
            }

            descriptor?.Dispose();
            if (HandOverMessage.TryReadGeneration(text, out var generation))
            {
                return generation;
            }
        }

        throw new IOException("it went away, or was silent, before all of its sockets were here");
    }
}

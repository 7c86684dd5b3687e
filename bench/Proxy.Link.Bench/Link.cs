using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Link.Bench;

/// <summary>
/// A UDP link on one machine: a socket for those who come, and for each of them one towards the target, so that several tunnels share one
/// bottleneck. One thread runs it; another may change its settings meanwhile.
/// </summary>
internal sealed class Link : IDisposable
{
    private const int HeaderBytes = 28;
    private const int ReadsInARow = 256;
    private const int SocketBufferBytes = 8 << 20;

    private readonly Random _random;
    private readonly Socket _front;
    private readonly Dictionary<SocketAddress, Socket> _backs = [];
    private readonly Dictionary<Socket, SocketAddress> _clients = [];
    private readonly PriorityQueue<Datagram, (double At, long Order)> _underWay = new();
    private readonly byte[] _buffer = new byte[64 << 10];
    private volatile LinkSettings _settings;
    private volatile bool _isRebinding;
    private long _order;

    public Link(LinkSettings settings)
    {
        _settings = settings;
        _random = new Random(settings.Seed);
        _front = Open();
        _front.Bind(settings.Listen);
        (Up, Down) = (new LinkDirection(), new LinkDirection());
    }

    /// <summary>What happens to the datagrams that come from now on. Any thread.</summary>
    public LinkSettings Settings
    {
        get => _settings;
        set => _settings = value;
    }

    public IPEndPoint Entry => (IPEndPoint)_front.LocalEndPoint!;

    public LinkDirection Up { get; }

    public LinkDirection Down { get; }

    public void Run(Func<bool> isOver)
    {
        var readable = new List<Socket>();
        while (!isOver())
        {
            ForgetWhereAsked();
            var wait = Release();
            readable.Clear();
            readable.Add(_front);
            readable.AddRange(_backs.Values);
            Socket.Select(readable, null, null, wait);
            readable.ForEach(Receive);
        }
    }

    public void Dispose()
    {
        _front.Dispose();
        foreach (var back in _backs.Values)
        {
            back.Dispose();
        }
    }

    /// <summary>
    /// From now on the target sees everybody come from another port, as behind a NAT that has lost its table; what is on its way from the target
    /// to the old ones is lost. Any thread.
    /// </summary>
    public void Rebind() => _isRebinding = true;

    private void ForgetWhereAsked()
    {
        if (!_isRebinding)
        {
            return;
        }

        _isRebinding = false;
        foreach (var back in _backs.Values)
        {
            back.Dispose();
        }

        _backs.Clear();
        _clients.Clear();
    }

    /// <summary>Sends what is due; gives how long the next has time, at most a tenth of a second, in microseconds.</summary>
    private TimeSpan Release()
    {
        var now = Now();
        while (_underWay.TryPeek(out var datagram, out var due))
        {
            if (due.At > now)
            {
                return TimeSpan.FromMilliseconds(Math.Min(due.At - now, 100));
            }

            _underWay.Dequeue();
            Send(datagram);
        }

        return TimeSpan.FromMilliseconds(100);
    }

    private void Send(Datagram datagram)
    {
        try
        {
            if (datagram.Client is { } client)
            {
                _front.SendTo(datagram.Bytes, SocketFlags.None, client);
            }
            else
            {
                datagram.Socket.Send(datagram.Bytes);
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // Nobody there, no room, or the way is gone: lost, as on any link.
        }
    }

    private void Receive(Socket socket)
    {
        var from = new SocketAddress(AddressFamily.InterNetwork);
        for (var reads = 0; reads < ReadsInARow; reads++)
        {
            int count;
            try
            {
                count = socket == _front ? socket.ReceiveFrom(_buffer, SocketFlags.None, from) : socket.Receive(_buffer);
            }
            catch (SocketException failure)
            {
                if (failure.SocketErrorCode == SocketError.ConnectionRefused)
                {
                    continue;
                }

                return;
            }

            if (socket == _front)
            {
                Carry(Up, new Datagram(BackOf(from), null, _buffer[..count]));
            }
            else
            {
                Carry(Down, new Datagram(_front, _clients[socket], _buffer[..count]));
            }
        }
    }

    private void Carry(LinkDirection direction, Datagram datagram)
    {
        var settings = _settings;
        direction.Datagrams++;
        direction.Bytes += datagram.Bytes.Length;
        if (settings.MaximumPayloadBytes > 0 && datagram.Bytes.Length > settings.MaximumPayloadBytes)
        {
            direction.TooLarge++;
            return;
        }

        var at = Now();
        if (settings.MegabitsPerSecond > 0)
        {
            var bytesPerMillisecond = settings.MegabitsPerSecond * 125;
            var start = Math.Max(direction.FreeAt, at);
            if ((start - at) * bytesPerMillisecond > settings.QueueBytes)
            {
                direction.DroppedInQueue++;
                return;
            }

            at = direction.FreeAt = start + ((datagram.Bytes.Length + HeaderBytes) / bytesPerMillisecond);
        }

        if (_random.NextDouble() < settings.Loss)
        {
            direction.Lost++;
            return;
        }

        at += settings.DelayMilliseconds + (settings.JitterMilliseconds * _random.NextDouble());
        if (_random.NextDouble() < settings.Reordering)
        {
            at += settings.ReorderingMilliseconds;
        }

        for (var copies = _random.NextDouble() < settings.Duplication ? 2 : 1; copies > 0; copies--)
        {
            _underWay.Enqueue(datagram, (at, _order++));
        }
    }

    private Socket BackOf(SocketAddress client)
    {
        if (_backs.TryGetValue(client, out var back))
        {
            return back;
        }

        var address = new SocketAddress(client.Family, client.Size);
        client.Buffer.Span[..client.Size].CopyTo(address.Buffer.Span);
        back = Open();
        back.Connect(_settings.Target);
        _backs.Add(address, back);
        _clients.Add(back, address);
        return back;
    }

    private static Socket Open() => new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
    {
        Blocking = false,
        ReceiveBufferSize = SocketBufferBytes,
        SendBufferSize = SocketBufferBytes,
    };

    private static double Now() => Stopwatch.GetTimestamp() * 1000.0 / Stopwatch.Frequency;

    /// <summary>Under way: for a client through the front, or for the target through <paramref name="Socket"/>.</summary>
    private sealed record Datagram(Socket Socket, SocketAddress? Client, byte[] Bytes);
}

/// <summary>One direction of a link: when its bottleneck is free, and what became of what came.</summary>
internal sealed class LinkDirection
{
    public double FreeAt { get; set; }

    public long Datagrams { get; set; }

    public long Bytes { get; set; }

    public long Lost { get; set; }

    public long DroppedInQueue { get; set; }

    public long TooLarge { get; set; }

    public override string ToString() =>
        $$"""{"datagrams":{{Datagrams}},"bytes":{{Bytes}},"lost":{{Lost}},"dropped_in_queue":{{DroppedInQueue}},"too_large":{{TooLarge}}}""";
}

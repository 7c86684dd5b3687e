using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Proxy.Actors;
using Proxy.Transport.HandOver;

namespace Proxy.Node.HandOver;

/// <summary>
/// Where a process that is to take this one's place asks for its listening sockets, one at a time. The first that becomes ready has them; those
/// that go away before have changed nothing.
/// </summary>
internal sealed class SuccessorListener : IDisposable
{
    private readonly string _path;
    private readonly Socket _listener;
    private readonly ListeningSockets _sockets;
    private readonly Generations _generations;
    private readonly ILogger _log;
    private readonly TaskCompletionSource<int> _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isDisposed;

    private SuccessorListener(string path, Socket listener, ListeningSockets sockets, Generations generations, ILogger log)
    {
        (_path, _listener, _sockets, _generations, _log) = (path, listener, sockets, generations, log);
        new Thread(Serve) { IsBackground = true, Name = "hand-over" }.Start();
    }

    /// <summary>The process that has taken this one's place, once one has.</summary>
    public Task<int> Replaced => _replaced.Task;

    /// <exception cref="IOException">The path cannot be used.</exception>
    public static SuccessorListener Start(string path, ListeningSockets sockets, Generations generations, ILogger log)
    {
        try
        {
            return new SuccessorListener(path, DescriptorSocket.Listen(path), sockets, generations, log);
        }
        catch (Exception failure) when (failure is SocketException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException($"cannot listen for a successor at {path}: {failure.Message}", failure);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _listener.Dispose();
        if (!_replaced.Task.IsCompleted)
        {
            // Else the file is the successor's.
            File.Delete(_path);
        }
    }

    private void Serve()
    {
        while (!_isDisposed)
        {
            try
            {
                using var successor = DescriptorSocket.Accept(_listener);
                if (successor is null)
                {
                    _log.LogWarning("hand-over: another user's process asked for the listening sockets, and got nothing");
                }
                else if (TryGive(successor))
                {
                    _replaced.TrySetResult(successor.PeerProcess);
                    ReceivePassedOn(successor);
                    return;
                }
            }
            catch (SocketException) when (_isDisposed)
            {
                return;
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                if (!_isDisposed)
                {
                    _log.LogError("hand-over: no successor can ask for the listening sockets any more: {Reason}", failure.Message);
                }

                return;
            }
        }
    }

    /// <summary>Whether the successor has the sockets and is ready.</summary>
    private bool TryGive(DescriptorSocket successor)
    {
        if (Receive(successor) != HandOverMessage.Greeting)
        {
            return false;
        }

        _generations.IsBeingReplaced = true;
        var sockets = _sockets.Duplicate();
        try
        {
            _log.LogInformation("hand-over: process {Process} gets {Count} listening sockets", successor.PeerProcess, sockets.Count);
            var isGiven = sockets.All(socket => HandOverMessage.TrySend(successor, HandOverMessage.OfSocket(socket), socket));
            if (!isGiven || !HandOverMessage.TrySend(successor, HandOverMessage.OfGeneration(_generations.Own)))
            {
                _generations.IsBeingReplaced = false;
                return false;
            }
        }
        finally
        {
            foreach (var socket in sockets)
            {
                socket.Dispose();
            }
        }

        successor.Timeout = LongestStart;
        if (IsReadySoon(successor))
        {
            return true;
        }

        _generations.IsBeingReplaced = false;
        _log.LogWarning("hand-over: process {Process} did not become ready; this one goes on", successor.PeerProcess);
        return false;
    }

    /// <summary>Until the successor ends, or this process: what came for tunnels of this one.</summary>
    private void ReceivePassedOn(DescriptorSocket successor)
    {
        successor.Timeout = TimeSpan.Zero;
        var buffer = new byte[DescriptorSocket.LargestMessageBytes];
        while (!_isDisposed && successor.TryReceive(buffer, out var bytes, out var descriptor))
        {
            descriptor?.Dispose();
            TryDeliver(buffer.AsSpan(0, bytes));
        }
    }

    /// <summary>It reads the UDP sockets before it is ready, so there may be datagrams before the word.</summary>
    private bool IsReadySoon(DescriptorSocket successor)
    {
        var buffer = new byte[DescriptorSocket.LargestMessageBytes];
        while (successor.TryReceive(buffer, out var bytes, out var descriptor))
        {
            descriptor?.Dispose();
            if (!TryDeliver(buffer.AsSpan(0, bytes)))
            {
                return Encoding.UTF8.GetString(buffer.AsSpan(0, bytes)) == HandOverMessage.Ready;
            }
        }

        return false;
    }

    /// <summary>False: it is no datagram.</summary>
    private bool TryDeliver(ReadOnlySpan<byte> message)
    {
        if (!PassedOn.TryRead(message, out var asked, out var segmentSizeBytes, out var from, out var datagrams))
        {
            return false;
        }

        _generations.TryDeliver(asked, datagrams, segmentSizeBytes, from);
        return true;
    }

    private static string Receive(DescriptorSocket successor)
    {
        var buffer = new byte[DescriptorSocket.LargestMessageBytes];
        if (!successor.TryReceive(buffer, out var bytes, out var descriptor))
        {
            return "";
        }

        descriptor?.Dispose();
        return Encoding.UTF8.GetString(buffer.AsSpan(0, bytes));
    }

    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);
}

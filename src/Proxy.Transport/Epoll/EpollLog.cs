using Microsoft.Extensions.Logging;

namespace Proxy.Transport.Epoll;

internal static partial class EpollLog
{
    [LoggerMessage(1, LogLevel.Error, "{Loop}: a handler failed.")]
    public static partial void HandlerFailed(ILogger logger, string loop, Exception failure);

    [LoggerMessage(2, LogLevel.Debug, "{Loop}: a turn took {Microseconds} µs.")]
    public static partial void SlowTurn(ILogger logger, string loop, long microseconds);

    [LoggerMessage(3, LogLevel.Warning, "{Loop}: UDP {EndPoint} asked for a receive buffer of {AskedBytes} bytes and got {GrantedBytes}.")]
    public static partial void SmallReceiveBuffer(ILogger logger, string loop, string endPoint, int askedBytes, int grantedBytes);

    [LoggerMessage(4, LogLevel.Warning, "{Loop}: UDP {EndPoint} refuses batches ({Reason}); it sends a call per datagram from now on.")]
    public static partial void BatchesRefused(ILogger logger, string loop, string endPoint, string reason);

    [LoggerMessage(5, LogLevel.Information, "{Count} epoll loops; UDP_SEGMENT: {IsSegmenting}, UDP_GRO: {IsJoining}, splice: {IsSplicing}.")]
    public static partial void Started(ILogger logger, int count, bool isSegmenting, bool isJoining, bool isSplicing);
}

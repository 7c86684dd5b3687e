using Microsoft.Extensions.Logging;

namespace Proxy.Transport.Epoll;

internal static partial class EpollLog
{
    [LoggerMessage(4, LogLevel.Warning, "{Loop}: UDP {EndPoint} refuses batches ({Reason}); it sends a call per datagram from now on.")]
    public static partial void BatchesRefused(ILogger logger, string loop, string endPoint, string reason);

    [LoggerMessage(5, LogLevel.Information, "{Count} epoll loops; UDP_SEGMENT: {IsSegmenting}, UDP_GRO: {IsJoining}, splice: {IsSplicing}.")]
    public static partial void Started(ILogger logger, int count, bool isSegmenting, bool isJoining, bool isSplicing);
}

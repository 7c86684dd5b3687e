using Microsoft.Extensions.Logging;

namespace Proxy.Transport;

internal static partial class LoopLog
{
    [LoggerMessage(1, LogLevel.Error, "{Loop}: a handler failed.")]
    public static partial void HandlerFailed(ILogger logger, string loop, Exception failure);

    [LoggerMessage(2, LogLevel.Debug, "{Loop}: a turn took {Microseconds} µs.")]
    public static partial void SlowTurn(ILogger logger, string loop, long microseconds);

    [LoggerMessage(3, LogLevel.Warning, "{Loop}: UDP {EndPoint} asked for a receive buffer of {AskedBytes} bytes and got {GrantedBytes}.")]
    public static partial void SmallReceiveBuffer(ILogger logger, string loop, string endPoint, int askedBytes, int grantedBytes);
}

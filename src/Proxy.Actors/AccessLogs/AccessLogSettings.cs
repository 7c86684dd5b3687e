namespace Proxy.Actors;

/// <summary>What the access log has lines for, and where they go.</summary>
/// <param name="Interval">Between two lines of a connection that lives on; zero: none are written for it.</param>
public sealed record AccessLogSettings(IAccessLogSink Sink, AccessLogEvents Events, TimeSpan Interval);

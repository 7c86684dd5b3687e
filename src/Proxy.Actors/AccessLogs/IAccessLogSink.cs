namespace Proxy.Actors;

/// <summary>Takes lines of the access log. Any thread; never waits: a sink that cannot keep up drops lines, counts them, and says so.</summary>
public interface IAccessLogSink
{
    void Write(AccessLogEntry entry);
}

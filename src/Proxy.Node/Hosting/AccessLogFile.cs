using Proxy.Actors;
using Proxy.Node.AccessLogs;

namespace Proxy.Node.Hosting;

/// <summary>Where the access log goes, what is in it, and how often a connection that lives on has a line.</summary>
internal sealed record AccessLogFile(string Path, IAccessLogFormat Format, AccessLogEvents Events, TimeSpan Interval);

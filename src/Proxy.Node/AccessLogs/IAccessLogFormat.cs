using System.Buffers;
using Proxy.Actors;

namespace Proxy.Node.AccessLogs;

/// <summary>How a line of the access log is written.</summary>
internal interface IAccessLogFormat
{
    /// <summary>Appends one line, its end included, in UTF-8. Nothing that a stranger sent can end a line or begin another.</summary>
    void Write(AccessLogEntry entry, ArrayBufferWriter<byte> target);

    /// <summary>Appends a line that says how many were lost.</summary>
    void WriteDropped(long lines, ArrayBufferWriter<byte> target);
}

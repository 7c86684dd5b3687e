using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Json;

/// <summary>Errors as etcd's gateway writes them: gRPC's code, and HTTP's status for it.</summary>
public static class ErrorJson
{
    public static byte[] Write(EngineError error) => JsonText.Object(writer =>
    {
        writer.WriteString("error", error.Message);
        writer.WriteString("message", error.Message);
        writer.WriteNumber("code", CodeOf(error.Kind));
    });

    public static int StatusOf(EngineErrorKind kind) => kind switch
    {
        EngineErrorKind.Invalid or EngineErrorKind.Compacted => 400,
        EngineErrorKind.Unauthenticated => 401,
        EngineErrorKind.Denied => 403,
        EngineErrorKind.NotFound => 404,
        EngineErrorKind.AlreadyExists => 412,
        EngineErrorKind.Exhausted => 429,
        EngineErrorKind.Unsupported => 501,
        EngineErrorKind.Unavailable => 503,
        _ => 500,
    };

    /// <summary>What an endpoint's error means. Whatever it sent is an error, if only by its status.</summary>
    internal static EngineError Read(int status, ReadOnlyMemory<byte> body)
    {
        using var document = FieldReader.Parse(body, out _);
        var fields = new FieldReader();
        if (document is null)
        {
            return new EngineError(status >= 500 ? EngineErrorKind.Unavailable : EngineErrorKind.BadAnswer, $"the engine answered HTTP {status}");
        }

        var root = document.RootElement;
        if (fields.TryGet(root, "error", out var inner) && inner.ValueKind == System.Text.Json.JsonValueKind.Object)
        {
            // The shape inside of a stream.
            return Of(fields.Int64(inner, "grpc_code"), fields.Text(inner, "message"));
        }

        var message = fields.Text(root, "message");
        return Of(fields.Int64(root, "code"), message.Length > 0 ? message : $"the engine answered HTTP {status}");
    }

    internal static EngineError Of(long code, string message)
    {
        var kind = code switch
        {
            3 when Has(message, "user name is empty") || Has(message, "revision of auth store is old") => EngineErrorKind.Unauthenticated,
            3 when Has(message, "authentication failed") => EngineErrorKind.Denied,
            3 => EngineErrorKind.Invalid,
            5 => EngineErrorKind.NotFound,
            7 => EngineErrorKind.Denied,
            8 => EngineErrorKind.Exhausted,
            9 => EngineErrorKind.AlreadyExists,
            11 when Has(message, "compacted") => EngineErrorKind.Compacted,
            11 => EngineErrorKind.Invalid,
            12 => EngineErrorKind.Unsupported,
            4 or 14 => EngineErrorKind.Unavailable,
            16 => EngineErrorKind.Unauthenticated,

            // What a lease's grant says without a quorum: etcd has no code for it there.
            2 when Has(message, "timed out") || Has(message, "no leader") || Has(message, "deadline") => EngineErrorKind.Unavailable,
            _ => EngineErrorKind.Other,
        };
        return new EngineError(kind, message);
    }

    private static int CodeOf(EngineErrorKind kind) => kind switch
    {
        EngineErrorKind.Invalid => 3,
        EngineErrorKind.NotFound => 5,
        EngineErrorKind.Denied => 7,
        EngineErrorKind.Exhausted => 8,
        EngineErrorKind.AlreadyExists => 9,
        EngineErrorKind.Compacted => 11,
        EngineErrorKind.Unsupported => 12,
        EngineErrorKind.Unavailable => 14,
        EngineErrorKind.Unauthenticated => 16,
        _ => 2,
    };

    private static bool Has(string message, string part) => message.Contains(part, StringComparison.Ordinal);
}

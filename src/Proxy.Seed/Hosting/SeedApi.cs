using Microsoft.AspNetCore.Http;
using Proxy.Cluster.Engine;
using Proxy.Cluster.Json;
using Proxy.Cluster.Seeds;

namespace Proxy.Seed.Hosting;

/// <summary>The requests of etcd's gateway that the seed answers, in etcd's own form.</summary>
internal sealed class SeedApi(SeedEngine engine, SeedTokens? tokens, TimeProvider time, CancellationToken stopping)
{
    /// <summary>What etcd takes at most, 2 MB, with base64 around it; the store itself takes less.</summary>
    public const int MaximumRequestBytes = 3 << 20;

    private static readonly byte[] Healthy = "{\"health\":\"true\"}\n"u8.ToArray();
    private static readonly byte[] EndOfLine = "\n"u8.ToArray();
    private static readonly EngineError TooLarge = new(EngineErrorKind.Invalid, "etcdserver: request is too large");

    public async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (path == "/health")
        {
            await WriteAsync(context, StatusCodes.Status200OK, Healthy);
            return;
        }

        var name = path.StartsWith("/v3/", StringComparison.Ordinal) ? path["/v3/".Length..]
            : path.StartsWith("/v3beta/", StringComparison.Ordinal) ? path["/v3beta/".Length..]
            : "";
        if (!RequestReader.IsPath(name) && name is not (RequestJson.WatchPath or RequestJson.AuthenticatePath))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.WriteAsync("Not Found\n");
            return;
        }

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        await HandleAsync(context, name);
    }

    private async Task HandleAsync(HttpContext context, string name)
    {
        if (await ReadBodyAsync(context) is not { } body)
        {
            await WriteErrorAsync(context, TooLarge);
            return;
        }

        if (name == RequestJson.AuthenticatePath)
        {
            await AuthenticateAsync(context, body);
            return;
        }

        var refusal = tokens?.Check(context.Request.Headers.Authorization.ToString(), time.NowMicroseconds());
        if (name == RequestJson.WatchPath)
        {
            await WatchAsync(context, body, refusal);
        }
        else if (refusal is not null)
        {
            await WriteErrorAsync(context, refusal);
        }
        else if (!RequestReader.TryRead(name, body, out var request, out var error))
        {
            await WriteErrorAsync(context, error!);
        }
        else
        {
            await AnswerAsync(context, request, engine.Call(request));
        }
    }

    private static Task AnswerAsync(HttpContext context, EngineRequest request, EngineAnswer answer) => answer switch
    {
        EngineFailure failure => WriteErrorAsync(context, failure.Error),
        LeaseAnswer lease when request is KeepAliveRequest => WriteAsync(context, StatusCodes.Status200OK, AnswerJson.WriteResult(lease)),
        _ => WriteAsync(context, StatusCodes.Status200OK, AnswerJson.Write((EngineSuccess)answer)),
    };

    private async Task AuthenticateAsync(HttpContext context, byte[] body)
    {
        if (tokens is null)
        {
            await WriteErrorAsync(context, new EngineError(EngineErrorKind.AlreadyExists, "etcdserver: authentication is not enabled"));
        }
        else if (!RequestReader.TryReadAuthenticate(body, out var user, out var password)
            || tokens.Authenticate(user, password, time.NowMicroseconds()) is not { } token)
        {
            await WriteErrorAsync(context, SeedTokens.WrongPassword);
        }
        else
        {
            await WriteAsync(context, StatusCodes.Status200OK, AnswerJson.WriteToken(token, engine.Header));
        }
    }

    private async Task WatchAsync(HttpContext context, byte[] body, EngineError? refusal)
    {
        if (!RequestReader.TryReadWatch(body, out var request, out var error))
        {
            await WriteErrorAsync(context, error!);
            return;
        }

        if (refusal is not null)
        {
            await WriteAsync(context, StatusCodes.Status200OK, [.. AnswerJson.WriteRefusedWatch(refusal, engine.Header), .. EndOfLine]);
            return;
        }

        context.Response.ContentType = "application/json";
        using var watch = engine.Watch(request);
        using var onAbort = context.RequestAborted.Register(watch.Dispose);
        using var onStop = stopping.Register(watch.Dispose);
        WatchNotice notice;
        do
        {
            notice = await watch.NextAsync();
            if (notice is WatchEnded { Error.Kind: EngineErrorKind.Closed })
            {
                // The seed ends: a broken stream, not a watch that is refused.
                context.Abort();
                return;
            }

            await context.Response.BodyWriter.WriteAsync(AnswerJson.Write(notice, engine.Header), context.RequestAborted);
            await context.Response.BodyWriter.WriteAsync(EndOfLine, context.RequestAborted);
        }
        while (notice is not WatchEnded);
    }

    private static async Task<byte[]?> ReadBodyAsync(HttpContext context)
    {
        try
        {
            using var all = new MemoryStream();
            await context.Request.Body.CopyToAsync(all, context.RequestAborted);
            return all.ToArray();
        }
        catch (BadHttpRequestException tooLarge) when (tooLarge.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return null;
        }
    }

    private static Task WriteErrorAsync(HttpContext context, EngineError error) =>
        WriteAsync(context, ErrorJson.StatusOf(error.Kind), ErrorJson.Write(error));

    private static async Task WriteAsync(HttpContext context, int status, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }
}

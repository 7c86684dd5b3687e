using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Proxy.Node.Reloading;

namespace Proxy.Node.Admin;

/// <summary>
/// What changes a node, or asks what would: for callers on this machine alone, whatever address the admin server listens at. Answers 200 with the
/// lines of the plan, or 422 with all errors.
/// </summary>
internal static class ReloadEndpoints
{
    // Names of files and a few overrides.
    public const int MaximumBodyBytes = 256 << 10;

    public static void Map(WebApplication app, AdminAnswers answers)
    {
        app.MapPost("/reload", context => AnswerAsync(context, answers.ReloadAsync));
        app.MapPost("/plan", context => AnswerAsync(context, async () =>
        {
            var request = await JsonSerializer.DeserializeAsync(context.Request.Body, ReloadJson.Default.PlanRequest, context.RequestAborted);
            return request is null ? ReloadOutcome.Refused("no files are named") : await answers.PlanAsync(request);
        }));
    }

    public static bool IsOfThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } from && IPAddress.IsLoopback(from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from);

    private static async Task AnswerAsync(HttpContext context, Func<Task<ReloadOutcome>> run)
    {
        if (!IsOfThisMachine(context))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        ReloadOutcome outcome;
        try
        {
            outcome = await run();
        }
        catch (JsonException wrong)
        {
            outcome = ReloadOutcome.Refused($"this is no request: {wrong.Message}");
        }

        context.Response.StatusCode = outcome.IsDone ? StatusCodes.Status200OK : StatusCodes.Status422UnprocessableEntity;
        await context.Response.WriteAsJsonAsync(outcome, ReloadJson.Default.ReloadOutcome);
    }
}

/// <summary>The files of a configuration that is asked about, and what lies over them.</summary>
internal sealed record PlanRequest(IReadOnlyList<string> Files, IReadOnlyList<string> Overrides);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ReloadOutcome))]
[JsonSerializable(typeof(PlanRequest))]
internal sealed partial class ReloadJson : JsonSerializerContext;

using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Proxy.Node.Admin;

/// <summary>Bans a source at all nodes of the cluster, or ends that; for callers on this machine alone. Answers 204, or 422 with what is wrong.</summary>
internal static class BanEndpoints
{
    public static void Map(WebApplication app, AdminAnswers answers) => app.MapPost("/ban", async context =>
    {
        // The body's type keeps pages in a browser on this machine from asking for it.
        if (!ReloadEndpoints.IsOfThisMachine(context) || !context.Request.HasJsonContentType())
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        BanOrder? order;
        try
        {
            order = await JsonSerializer.DeserializeAsync(context.Request.Body, BanJson.Default.BanOrder, context.RequestAborted);
        }
        catch (JsonException)
        {
            order = null;
        }

        if (order is null || !IPAddress.TryParse(order.Address, out var address) || order.Seconds is < 0 or > MostSeconds)
        {
            context.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            await context.Response.WriteAsync($"an address, and 0 to {MostSeconds} seconds are expected\n");
            return;
        }

        answers.Ban(address, TimeSpan.FromSeconds(order.Seconds), order.Why);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    });

    /// <summary>A year; longer is what rules are for.</summary>
    public const long MostSeconds = 31_536_000;
}

/// <summary>What to do with a source.</summary>
/// <param name="Address">IPv4, or any address of an IPv6 /64.</param>
/// <param name="Seconds">For how long; 0: a ban ends.</param>
/// <param name="Why">For the log.</param>
internal sealed record BanOrder(string Address, long Seconds, string Why);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BanOrder))]
internal sealed partial class BanJson : JsonSerializerContext;

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Transport.HandOver;

namespace Proxy.Node.Admin;

/// <summary>
/// The admin address: <c>/status</c>, <c>/metrics</c> (Prometheus), <c>/healthz</c> (the process answers), <c>/readyz</c> (it takes new
/// connections), and for this machine alone <c>POST /reload</c>, <c>POST /plan</c> and <c>POST /ban</c>.
/// </summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private AdminServer(WebApplication app)
    {
        _app = app;
    }

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Makes one that does not listen yet, which takes a while and can be done beside other things.</summary>
    /// <param name="listen">Where it will listen.</param>
    /// <param name="isAsked">Whether nothing else will do; else a free port is used where that one is taken.</param>
    public static AdminServer Create(
        IPEndPoint listen, bool isAsked, ILoggerFactory logs, ListeningSockets sockets, AdminAnswers answers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseSockets(options => options.CreateBoundListenSocket = _ => AdminSocket.Bind(listen, isAsked, sockets));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = MaximumConnections;
            kestrel.Limits.MaxRequestBodySize = ReloadEndpoints.MaximumBodyBytes;
            kestrel.Listen(listen);
        });
        var app = builder.Build();
        Map(app, answers);
        ReloadEndpoints.Map(app, answers);
        BanEndpoints.Map(app, answers);
        return new AdminServer(app);
    }

    /// <summary>Listens.</summary>
    /// <exception cref="IOException">The address is taken.</exception>
    public async Task StartAsync()
    {
        try
        {
            await _app.StartAsync();
        }
        catch (SocketException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    /// <summary>Answers nobody any more.</summary>
    public async Task LeaveAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(soon.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync();
        await _app.DisposeAsync();
    }

    private static void Map(WebApplication app, AdminAnswers answers)
    {
        app.MapGet("/status", async context =>
        {
            var answer = await answers.StatusAsync(context.Request.Query["cluster"] == "true");
            await context.Response.WriteAsJsonAsync(answer, StatusJson.Default.NodeStatus);
        });
        app.MapGet("/metrics", async context =>
        {
            var text = PrometheusText.Write(await answers.StatusAsync(false), ProcessFigures.Read());
            context.Response.ContentType = PrometheusText.ContentType;
            await context.Response.WriteAsync(text);
        });
        app.MapGet("/healthz", context => context.Response.WriteAsync("ok\n"));
        app.MapGet("/readyz", context =>
        {
            context.Response.StatusCode = answers.IsReady() ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return context.Response.WriteAsync(answers.IsReady() ? "ready\n" : "draining\n");
        });
    }

    // Scrapers and operators; a flood of them must not eat the descriptors of users.
    private const int MaximumConnections = 100;
}

using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Proxy.Node.Demo;

/// <summary>A web server on a free port of 127.0.0.1 with one file, <c>/file</c>, of random bytes.</summary>
internal sealed class DemoWebServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DemoWebServer(WebApplication app, string digest)
    {
        _app = app;
        Digest = digest;
    }

    /// <summary>SHA-256 of the file, in lower-case hex.</summary>
    public string Digest { get; }

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    public static async Task<DemoWebServer> StartAsync(int megabytes)
    {
        // The same random mebibyte with a changing first word: random enough that no byte in the wrong place goes unnoticed.
        var block = RandomNumberGenerator.GetBytes(1 << 20);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < megabytes; i++)
        {
            sha.AppendData(Numbered(block, i));
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(new IPEndPoint(IPAddress.Loopback, 0)));
        var app = builder.Build();
        app.MapGet("/file", async context =>
        {
            var mine = block.ToArray();
            context.Response.ContentLength = megabytes * 1048576L;
            for (var i = 0; i < megabytes; i++)
            {
                await context.Response.Body.WriteAsync(Numbered(mine, i));
            }
        });
        await app.StartAsync();
        return new DemoWebServer(app, Convert.ToHexStringLower(sha.GetHashAndReset()));
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private static byte[] Numbered(byte[] block, int number)
    {
        BitConverter.TryWriteBytes(block, number);
        return block;
    }
}

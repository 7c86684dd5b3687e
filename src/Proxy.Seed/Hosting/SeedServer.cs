using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Cluster.Seeds;

namespace Proxy.Seed.Hosting;

/// <summary>The seed's HTTP listener.</summary>
internal sealed class SeedServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SeedServer(WebApplication app) => _app = app;

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<SeedServer> StartAsync(SeedSettings settings, SeedEngine engine, SeedTokens? tokens)
    {
        var (certificate, chain) = settings.Tls is { } files ? Certificate(files.Certificate, files.Key) : (null, null);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddLogging();
        builder.WebHost.UseKestrelCore();
        if (certificate is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaximumConnections;
            kestrel.Limits.MaxRequestBodySize = SeedApi.MaximumRequestBytes;
            kestrel.Listen(settings.Listen, listen =>
            {
                if (certificate is not null)
                {
                    listen.UseHttps(https => (https.ServerCertificate, https.ServerCertificateChain) = (certificate, chain));
                }
            });
        });
        var app = builder.Build();
        var api = new SeedApi(engine, tokens, TimeProvider.System, app.Lifetime.ApplicationStopping);
        app.Run(api.HandleAsync);
        try
        {
            await app.StartAsync();
            return new SeedServer(app);
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            await app.DisposeAsync();
            throw new SeedException(ExitCodes.Failed, $"cannot listen: {failure.Message}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(soon.Token);
        await _app.DisposeAsync();
    }

    private static (X509Certificate2 Certificate, X509Certificate2Collection Chain) Certificate(string certificate, string key)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificate);
            return (X509Certificate2.CreateFromPemFile(certificate, key), chain);
        }
        catch (Exception failure) when (failure is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SeedException(ExitCodes.Configuration, $"--tls-cert {certificate}, --tls-key {key}: {failure.Message}");
        }
    }

    // A thousand workers with a watch or two and a connection for calls, ten times over.
    private const int MaximumConnections = 20_000;
}

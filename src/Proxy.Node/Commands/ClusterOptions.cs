using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Actors;
using Proxy.Cluster.Members;
using Proxy.Node.Hosting;

namespace Proxy.Node.Commands;

/// <summary>A cluster: where its engine is, and what a server says of itself there.</summary>
internal sealed class ClusterOptions
{
    private readonly Option<string?> _cluster = new("--cluster") { HelpName = "URL[,URL…]" };

    private readonly Option<string?> _name = new("--cluster-name")
    {
        Description = "The cluster's name, where several share one engine. Default: default.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _user = new("--cluster-user") { Description = "The engine's user.", HelpName = "NAME" };

    private readonly Option<string?> _passwordFile = new("--cluster-password-file") { Description = "Holds that user's password, alone.", HelpName = "FILE" };

    private readonly Option<string?> _authorities = new("--cluster-ca")
    {
        Description = "Who may have signed the engine's certificate (PEM). Default: whom this system trusts.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _advertise = new("--advertise")
    {
        Description = "Where clients reach this server, the best first; may be repeated. Default: where it listens, if that is not all addresses.",
        HelpName = "kcp|tcp|tls://HOST:PORT",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<int> _capacity = new("--capacity")
    {
        Description = "Streams that this server is made for: beside the other members it takes as large a part of all. Default: as much as they do on average.",
        HelpName = "N",
    };

    private readonly Option<string?> _zone = new("--zone")
    {
        Description = "Where this node is, in a word of yours: clients use servers of their own zone first, and keep one of another.",
        HelpName = "ZONE",
    };

    private readonly Option<int> _servers = new("--cluster-servers")
    {
        Description = "To how many of the cluster's servers tunnels are kept.",
        HelpName = "N",
        DefaultValueFactory = _ => 3,
    };

    public void AddServerTo(Command command)
    {
        _cluster.Description = "The cluster's engine, tcpproxy-seed or etcd's nodes: clients with the same --cluster find this server there.";
        AddTo(command, _advertise, _capacity, _zone);
    }

    public void AddClientTo(Command command)
    {
        _cluster.Description = "Instead of --server: the engine of a cluster, tcpproxy-seed or etcd's nodes, whose servers are used as they come and go.";
        AddTo(command, _servers, _zone);
    }

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_cluster) is not null;

    /// <summary>Null: the node is on its own.</summary>
    public ClusterHostSettings? ReadServer(ParseResult parsed)
    {
        var advertised = parsed.GetValue(_advertise)!.Select(url => AddressOf(url, "--advertise")).ToArray();
        if (!IsGiven(parsed) && advertised.Length > 0)
        {
            throw new UsageException("--advertise goes with --cluster URL");
        }

        return parsed.GetValue(_capacity) is >= 0 and var capacity
            ? Read(parsed) is { } settings ? settings with { Advertised = advertised, Capacity = capacity, Identity = StateDirectory.ReadIdentity(parsed.GetValue<string?>("--state-dir")) } : null
            : throw new UsageException("--capacity: a number from 0 on is expected");
    }

    /// <summary>Null: the client's servers are named.</summary>
    public ClusterHostSettings? Read(ParseResult parsed)
    {
        if (parsed.GetValue(_cluster) is not { } urls)
        {
            return null;
        }

        var name = parsed.GetValue(_name) ?? "default";
        var (user, passwordFile) = (parsed.GetValue(_user), parsed.GetValue(_passwordFile));
        if (user is null != passwordFile is null)
        {
            throw new UsageException("--cluster-user and --cluster-password-file go together");
        }

        return new ClusterHostSettings
        {
            Zone = ReadZone(parsed),
            Name = MemberJson.IsName(name) ? name : throw new UsageException($"--cluster-name '{name}': letters, digits and . _ - : are expected"),
            Endpoints = [.. urls.Split(',').Select(url => EndpointOf(url, "--cluster"))],
            UserName = user ?? "",
            Password = passwordFile is null ? "" : ReadPassword(passwordFile, "--cluster-password-file"),
            Authorities = parsed.GetValue(_authorities) is { } file ? ReadAuthorities(file, "--cluster-ca") : null,
        };
    }

    /// <summary>How a client chooses among a cluster's servers.</summary>
    /// <param name="client">The same each time, other clients having others.</param>
    public ClusterPoolSettings ReadPool(ParseResult parsed, string client) =>
        new(client, Values.Count(parsed.GetValue(_servers), "--cluster-servers")) { Zone = ReadZone(parsed), IsLearned = !IsGiven(parsed) };

    private string ReadZone(ParseResult parsed) => parsed.GetValue(_zone) is not { } zone ? ""
        : MemberJson.IsName(zone) ? zone : throw new UsageException($"--zone '{zone}': letters, digits and . _ - : are expected");

    internal static Uri EndpointOf(string url, string option) =>
        Uri.TryCreate(url, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https"
            ? endpoint
            : throw new UsageException($"{option} '{url}': the engine's URL is expected, such as http://127.0.0.1:4053 or https://etcd1.example:2379");

    internal static MemberAddress AddressOf(string url, string option)
    {
        var (transport, text) = Values.TunnelUrl(url, option);
        return new MemberAddress(TunnelAddress.SchemeOf(transport), Values.Target(text, option).ToString());
    }

    internal static string ReadPassword(string path, string option)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd('\r', '\n') is { Length: > 0 } password ? password : throw new ConfigurationException($"{option}: {path} is empty");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{option}: {failure.Message}");
        }
    }

    internal static X509Certificate2Collection ReadAuthorities(string path, string option)
    {
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(path);
            return authorities.Count > 0 ? authorities : throw new ConfigurationException($"{option}: there is no certificate in {path}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ConfigurationException($"{option}: {failure.Message}");
        }
    }

    private void AddTo(Command command, params ReadOnlySpan<Option> others)
    {
        foreach (var option in (ReadOnlySpan<Option>)[_cluster, .. others, _name, _user, _passwordFile, _authorities])
        {
            command.Add(option);
        }
    }
}

using Microsoft.Extensions.Configuration;
using Proxy.Hocon.Configuration;

namespace HoconOptions;

/// <summary>The options of an application, from HOCON instead of appsettings.json.</summary>
public sealed class MailOptions
{
    public string Host { get; set; } = "localhost";

    public int Port { get; set; } = 25;

    public bool IsEncrypted { get; set; }

    /// <summary>As .NET writes it: 00:00:30.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    public IList<string> Recipients { get; } = [];

    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>What stands at <c>mail</c> in a file. Keys are those of the properties, in whatever case.</summary>
    public static MailOptions Read(string file)
    {
        var options = new MailOptions();
        new ConfigurationBuilder().AddHoconFile(file).Build().GetSection("mail").Bind(options);
        return options;
    }
}

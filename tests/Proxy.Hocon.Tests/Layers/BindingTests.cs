using HoconOptions;

namespace Proxy.Hocon.Tests.Layers;

/// <summary>People of .NET bind HOCON to options of their own, by generated code.</summary>
public sealed class BindingTests
{
    [Fact]
    public void Options_are_bound_from_a_file_with_references_lists_and_objects()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """
                domain = example.org
                mail {
                  host = "mail."${domain}
                  port = 587, isEncrypted = true, timeout = "00:00:30"
                  recipients = ["a@example.org"]
                  recipients += "b@example.org"
                  headers { X-Sender = ${domain} }
                }
                """);

            var options = MailOptions.Read(file);

            Assert.Equal(("mail.example.org", 587, true, TimeSpan.FromSeconds(30)), (options.Host, options.Port, options.IsEncrypted, options.Timeout));
            Assert.Equal(["a@example.org", "b@example.org"], options.Recipients);
            Assert.Equal("example.org", options.Headers["x-sender"]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Binding_is_generated_and_not_done_by_reflection() =>
        Assert.Contains(typeof(MailOptions).Assembly.GetTypes(), type => type.Name == "BindingExtensions" && type.Namespace == "Microsoft.Extensions.Configuration.Binder.SourceGeneration"
            || type.FullName!.Contains("BindingExtensions", StringComparison.Ordinal));
}

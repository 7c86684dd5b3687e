using System.CommandLine;
using System.Security.Cryptography;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy keygen</c>: a new key for the ends of a tunnel.</summary>
internal static class KeygenCommand
{
    private const int KeyBytes = 32;

    public static Command Create()
    {
        var output = new Option<string?>("--out")
        {
            Description = "The file to write, with mode 0600; one that exists is not touched. Without it the key goes to stdout.",
            HelpName = "FILE",
        };
        var command = new Command("keygen", "Makes a new random key of 256 bits, in base64.") { output };
        command.SetAction(parsed => parsed.GetValue(output) is { } path ? WriteFile(path) : Print());
        return command;
    }

    private static int Print()
    {
        Console.Out.WriteLine(NewKey());
        return ExitCodes.Done;
    }

    private static int WriteFile(string path)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var writer = new StreamWriter(path, options);
            writer.WriteLine(NewKey());
            return ExitCodes.Done;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"tcpproxy keygen: {failure.Message}");
            return ExitCodes.Failed;
        }
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));
}

using System.CommandLine;
using System.Security.Cryptography;
using Proxy.Actors;
using Proxy.Protocol.Sealing.Keys;

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
        var privateKey = new Option<string?>("--public-of")
        {
            Description = "Makes no key, but prints the public key that belongs to the key in FILE, for clients that are to know the server by it.",
            HelpName = "FILE",
        };
        var command = new Command("keygen", "Makes a new random key of 256 bits, in base64.") { output, privateKey };
        command.Validators.Add(result =>
        {
            if (result.GetValue(output) is not null && result.GetValue(privateKey) is not null)
            {
                result.AddError("--out makes a key and --public-of reads one: say one of them");
            }
        });
        command.SetAction(parsed => (parsed.GetValue(output), parsed.GetValue(privateKey)) switch
        {
            (_, { } path) => PrintPublic(path),
            ({ } path, _) => WriteFile(path),
            _ => Print(),
        });
        return command;
    }

    private static int Print()
    {
        Console.Out.WriteLine(NewKey());
        return ExitCodes.Done;
    }

    /// <summary>Makes a key in a new file for its owner alone; gives the exit code.</summary>
    public static int WriteFile(string path)
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

    private static int PrintPublic(string path)
    {
        try
        {
            using var key = KeyFile.Read(path);
            if (!P256.IsScalar(key.Span))
            {
                Console.Error.WriteLine($"tcpproxy keygen: the key in {path} is one of the few that can be no server key; make another");
                return ExitCodes.Failed;
            }

            Console.Out.WriteLine(Convert.ToBase64String(P256.PublicPoint(key)));
            return ExitCodes.Done;
        }
        catch (KeyFileException failure)
        {
            Console.Error.WriteLine($"tcpproxy keygen: {failure.Message}");
            return ExitCodes.Failed;
        }
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));
}

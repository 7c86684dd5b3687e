using System.Security.Cryptography;
using Proxy.Actors;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Resets;

namespace Proxy.Node.Hosting;

/// <summary>
/// What a server keeps over its end: the secret that its tunnel ids are made with, so that after a restart it can tell clients at once that their
/// tunnels are gone.
/// </summary>
internal static class StateDirectory
{
    private const string Name = "tcpproxy";

    private const string ResetSecretFile = "reset-secret";

    /// <summary>The secret of that directory, or of the usual one; made where there is none yet.</summary>
    /// <param name="asked">The directory that was asked for, which has to do; null: any will.</param>
    /// <param name="line">For the log.</param>
    /// <returns>Null: nothing can be kept, and nothing was asked for.</returns>
    public static SecretBytes? ReadResetSecret(string? asked, out string line)
    {
        var directory = asked ?? Usual;
        try
        {
            Directory.CreateDirectory(directory);
            var path = Path.Combine(directory, ResetSecretFile);
            if (!File.Exists(path))
            {
                Write(path);
            }

            line = $"the secret of tunnel ids is in {path}: clients notice a restart at once";
            return KeyFile.Read(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or KeyFileException)
        {
            if (asked is not null)
            {
                throw new ConfigurationException($"--state-dir {asked}: {failure.Message}");
            }

            line = $"nothing is kept over a restart ({failure.Message}): clients will notice one by silence. --state-dir DIR changes that";
            return null;
        }
    }

    private static string Usual => Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } home
        ? Path.Combine(home, Name)
        : Path.Combine("/var/lib", Name);

    /// <summary>Whole or not at all, and of two that start at once only one.</summary>
    private static void Write(string path)
    {
        var draft = $"{path}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(draft, options))
        {
            writer.WriteLine(Convert.ToBase64String(RandomNumberGenerator.GetBytes(TunnelIds.SecretBytesLength)));
        }

        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }
    }
}

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
    private const string IdentityFile = "identity";
    private const int IdentityBytes = 16;

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
                Write(path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(TunnelIds.SecretBytesLength)));
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

    /// <summary>Who this node is to its cluster: the same after a restart, another for every other state directory.</summary>
    /// <param name="asked">As for the secret; where nothing can be kept, it is another each time.</param>
    public static string ReadIdentity(string? asked)
    {
        try
        {
            var directory = asked ?? Usual;
            Directory.CreateDirectory(directory);
            var path = Path.Combine(directory, IdentityFile);
            if (!File.Exists(path))
            {
                Write(path, NewIdentity());
            }

            return File.ReadAllText(path).Trim() is { Length: 2 * IdentityBytes } identity
                ? identity
                : throw new ConfigurationException($"{path} does not hold an identity: remove it, and another is made");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return asked is null ? NewIdentity() : throw new ConfigurationException($"--state-dir {asked}: {failure.Message}");
        }
    }

    private static string NewIdentity() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdentityBytes));

    private static string Usual => Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } home
        ? Path.Combine(home, Name)
        : Path.Combine("/var/lib", Name);

    /// <summary>Whole or not at all, and of two that start at once only one.</summary>
    private static void Write(string path, string text)
    {
        var draft = $"{path}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(draft, options))
        {
            writer.WriteLine(text);
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

namespace Proxy.Node;

/// <summary>What the program's end says to a script; 2 and 78 are the usual figures for them.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Configuration = 78;
}

/// <summary>The command line asks for something that cannot be; the message says what, and what to do instead.</summary>
internal class UsageException(string message) : Exception(message)
{
    public virtual int ExitCode => ExitCodes.Usage;
}

/// <summary>The command line is understood, and asks for a node that must not run as it is.</summary>
internal sealed class ConfigurationException(string message) : UsageException(message)
{
    public override int ExitCode => ExitCodes.Configuration;
}

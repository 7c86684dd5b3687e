using Spectre.Console;

namespace Proxy.Node.Commands;

/// <summary>The console as people see it: colours and its width on a terminal, plain lines of any length in a pipe.</summary>
internal static class Terminal
{
    public static IAnsiConsole Out { get; } = Create();

    private static IAnsiConsole Create()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Console;
        }

        var plain = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        plain.Profile.Width = WidthInPipe;
        return plain;
    }

    private const int WidthInPipe = 250;
}

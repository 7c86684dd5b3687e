namespace Proxy.Node.Settings;

/// <summary>The list of all settings with their defaults, as it lies in the program.</summary>
internal static class ReferenceText
{
    /// <summary>What errors and origins call it.</summary>
    public const string Name = "tcpproxy's reference.conf";

    private const string Resource = "reference.conf";

    public static string Read()
    {
        using var stream = typeof(ReferenceText).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The program was built without {Resource}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

using System.Text;

namespace Proxy.Hocon.Tests.Support;

/// <summary>Files by path, in folders that are joined by '/'; names that begin with it are absolute.</summary>
internal sealed class MemoryFiles : IHoconFiles
{
    private readonly Dictionary<string, HoconFileContent> _files = [];

    public List<string> Reads { get; } = [];

    public MemoryFiles With(string path, string text) => With(path, Encoding.UTF8.GetBytes(text));

    public MemoryFiles With(string path, byte[] bytes)
    {
        _files[path] = HoconFileContent.Of(bytes);
        return this;
    }

    public MemoryFiles WithUnreadable(string path, string error)
    {
        _files[path] = HoconFileContent.Failed(error);
        return this;
    }

    public string Locate(string? includingPath, string name)
    {
        var folder = includingPath is null || name.StartsWith('/') ? "" : includingPath[..(includingPath.LastIndexOf('/') + 1)];
        var parts = new List<string>();
        foreach (var part in (folder + name).Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }

        return string.Join('/', parts);
    }

    public HoconFileContent Read(string path)
    {
        Reads.Add(path);
        return _files.GetValueOrDefault(path);
    }
}

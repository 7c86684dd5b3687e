using System.Diagnostics.CodeAnalysis;
using System.Text;
using Proxy.Hocon.Syntax;
using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Files;

/// <summary>
/// Reads texts and what they include into one tree. Each file is read once in a load; what is included is bounded in depth, and in sum by the size
/// of the files, so that files that include each other twice do not explode.
/// </summary>
internal sealed class Loader(IHoconFiles files, ErrorList errors) : IIncluder
{
    private static readonly string[] Extensions = [".properties", ".json", ".conf"];

    private readonly ParseContext _context = new(errors);
    private readonly Dictionary<string, HoconFileContent> _contents = [];
    private readonly Dictionary<string, string> _texts = [];

    // The files that are being parsed, from the outside in; null: a text without a file.
    private readonly List<string?> _including = [];
    private long _parsedCharacters;

    public ErrorList Errors => errors;

    /// <summary>Every file that was read or looked for.</summary>
    public IReadOnlyCollection<string> Paths => _contents.Keys;

    public int ReferenceCount => _context.ReferenceCount;

    /// <summary>The sum of all texts, each counted once.</summary>
    public long InputCharacters { get; private set; }

    /// <summary>Work done so far, in characters; see <see cref="Lexer.Steps"/>.</summary>
    public long Steps { get; private set; }

    /// <summary>Parses a text over <paramref name="target"/>. A list at its root comes back instead.</summary>
    public Node? ReadText(string text, HoconSourceName source, ObjectNode target)
    {
        InputCharacters += text.Length;
        return Parse(text, source, path: null, target, ParsePlace.Root);
    }

    /// <summary>Parses a file over <paramref name="target"/>; it has to be there.</summary>
    public Node? ReadFile(string name, ObjectNode target)
    {
        var path = files.Locate(null, name);
        var origin = new HoconOrigin(new HoconSourceName(path, HoconOriginKind.File), 0, 0);
        if (TryGetText(path, origin, "", out var text))
        {
            return Parse(text, origin.Source, path, target, ParsePlace.Root);
        }

        if (IsMissing(path))
        {
            errors.Add(HoconErrorKind.File, "there is no such file", origin, "", "check the name and the directory");
        }

        return null;
    }

    /// <summary>Counts a text that is taken as it is.</summary>
    public void CountInput(string text) => InputCharacters += text.Length;

    /// <summary>Parses a text that is one value.</summary>
    public Node? ReadValue(string text, HoconSourceName source, HoconPath path)
    {
        InputCharacters += text.Length;
        var before = errors.Errors.Count;
        _including.Add(null);
        var lexer = new Lexer(text, source);
        var value = new Parser(_context, this, lexer, ParsePlace.Root, path).ParseSingleValue();
        _including.RemoveAt(_including.Count - 1);
        Steps += lexer.Steps;
        return errors.Errors.Count == before ? value : null;
    }

    public void Include(IncludeRequest request, ObjectNode target, ParsePlace place)
    {
        if (IsRefused(request))
        {
            return;
        }

        var including = request.Form == IncludeForm.File ? null : _including[^1];
        var candidates = Extensions.Any(extension => request.Name.EndsWith(extension, StringComparison.Ordinal))
            ? [request.Name]
            : Extensions.Select(extension => request.Name + extension);
        var isAny = false;
        foreach (var name in candidates)
        {
            isAny |= TryInclude(files.Locate(including, name), request, target, place);
        }

        // A name with an extension of its own, or without any, is that very file.
        isAny = isAny || TryInclude(files.Locate(including, request.Name), request, target, place);
        if (!isAny && request.IsRequired)
        {
            Refuse(request, $"the required file '{request.Name}' is not there", $"it was looked for at {files.Locate(including, request.Name)}");
        }
    }

    private bool IsRefused(IncludeRequest request)
    {
        if (request.Form == IncludeForm.Url || request.Name.Contains("://", StringComparison.Ordinal))
        {
            Refuse(request, $"'{request.Name}' is a URL, and includes are read from files only", "fetch it before, and include the file");
        }
        else if (request.Form == IncludeForm.Classpath)
        {
            Refuse(request, "there is no class path here", "include a file");
        }
        else if (request.Name.Length == 0)
        {
            Refuse(request, "the name of the included file is empty", "");
        }
        else if (_including.Count > HoconLimits.IncludeDepth)
        {
            Refuse(request, $"more than {HoconLimits.IncludeDepth} files include each other", "");
        }
        else
        {
            return false;
        }

        return true;
    }

    private void Refuse(IncludeRequest request, string message, string hint) =>
        errors.Add(HoconErrorKind.Include, message, request.Origin, request.Path, hint);

    // Whether the file is there; what is wrong in it or with it was reported.
    private bool TryInclude(string path, IncludeRequest request, ObjectNode target, ParsePlace place)
    {
        if (_including.Contains(path))
        {
            var chain = string.Join(" → ", _including.Skip(_including.IndexOf(path)).Append(path));
            Refuse(request, $"the file includes itself: {chain}", "remove one of these includes");
            return true;
        }

        if (!TryGetText(path, request.Origin, request.Path, out var text))
        {
            return !IsMissing(path);
        }

        if (_parsedCharacters + text.Length > Math.Max(HoconLimits.MinimumIncludedSize, HoconLimits.Growth * InputCharacters))
        {
            Refuse(request, "files are included so many times that their sum passes the limit", $"it is {HoconLimits.Growth} times their size");
            return true;
        }

        var list = Parse(text, new HoconSourceName(path, HoconOriginKind.File), path, target, place);
        if (list is not null)
        {
            Refuse(request, $"the root of '{path}' is a list", "an included file has to be an object");
        }

        return true;
    }

    private Node? Parse(string text, HoconSourceName source, string? path, ObjectNode target, ParsePlace place)
    {
        _including.Add(path);

        // An empty file costs something as well.
        _parsedCharacters += text.Length + 64;
        var list = path switch
        {
            not null when path.EndsWith(".json", StringComparison.Ordinal) => AddFields(new JsonParser(text, source, errors).Parse(), target),
            not null when path.EndsWith(".properties", StringComparison.Ordinal) =>
                AddFields(new PropertiesParser(text, source, errors).Parse(), target),
            _ => ParseHocon(text, source, target, place),
        };
        _including.RemoveAt(_including.Count - 1);
        return list;
    }

    private Node? ParseHocon(string text, HoconSourceName source, ObjectNode target, ParsePlace place)
    {
        var lexer = new Lexer(text, source);
        var list = new Parser(_context, this, lexer, place, HoconPath.Root).ParseRoot(target);
        Steps += lexer.Steps;
        return list;
    }

    private Node? AddFields(Node? root, ObjectNode target)
    {
        switch (root)
        {
            case null:
                return null;
            case ObjectNode fields:
                ObjectNode.Merge(target, fields);
                return null;
            case ValueNode { Value: HoconScalar }:
                errors.Add(HoconErrorKind.Syntax, "the root is neither an object nor a list", root.Origin, "", "put it into an object");
                return null;
            default:
                return root;
        }
    }

    private bool IsMissing(string path) => _contents[path] is { Bytes: null, Error: null };

    // False: it is missing, or an error was reported.
    private bool TryGetText(string path, HoconOrigin origin, string keys, [NotNullWhen(true)] out string? text)
    {
        if (_texts.TryGetValue(path, out text))
        {
            return true;
        }

        if (!_contents.TryGetValue(path, out var content))
        {
            content = files.Read(path);
            _contents.Add(path, content.Bytes is null ? content : HoconFileContent.Of([]));
        }

        if (content.Error is { } error)
        {
            errors.Add(HoconErrorKind.File, $"'{path}' cannot be read: {error}", origin, keys, "check what it is, and its permissions");
        }

        if (content.Bytes is not { } bytes || !TryDecode(bytes, path, out text))
        {
            return false;
        }

        _texts.Add(path, text);
        InputCharacters += text.Length;
        return true;
    }

    private bool TryDecode(byte[] bytes, string path, [NotNullWhen(true)] out string? text)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            text = Encoding.UTF8.GetString(bytes);
            return true;
        }

        var (at, line, column) = (0, 1, 1);
        while (Rune.DecodeFromUtf8(bytes.AsSpan(at), out var rune, out var length) == System.Buffers.OperationStatus.Done)
        {
            (line, column) = rune.Value == '\n' ? (line + 1, 1) : (line, column + rune.Utf16SequenceLength);
            at += length;
        }

        var origin = new HoconOrigin(new HoconSourceName(path, HoconOriginKind.File), line, column);
        errors.Add(HoconErrorKind.File, $"the byte 0x{bytes[at]:X2} is no UTF-8 here", origin, "", "save the file as UTF-8");
        text = null;
        return false;
    }
}

using System.Text;
using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Syntax;

internal sealed partial class Parser
{
    // One value, or several side by side on a line. Null: an error was reported.
    private Node? ParseValue()
    {
        var start = _token;
        var parts = new ConcatBuilder(_lexer);
        while (true)
        {
            if (_token.IsSimple)
            {
                parts.AddSimple(_token);
                Move();
                continue;
            }

            var token = _token;
            var part = token.Kind switch
            {
                TokenKind.OpenBrace => ParseObject(),
                TokenKind.OpenBracket => ParseList(),
                TokenKind.Substitution or TokenKind.OptionalSubstitution => ParseSubstitution(),
                _ => null,
            };
            if (part is not null)
            {
                parts.Add(token, part);
                continue;
            }

            if (token.Kind is TokenKind.OpenBrace or TokenKind.OpenBracket or TokenKind.Substitution or TokenKind.OptionalSubstitution)
            {
                return null;
            }

            break;
        }

        // What ends a value legally is looked at by the caller; an error of the lexer is nowhere legal.
        if (parts.IsEmpty || _token.Kind == TokenKind.Error)
        {
            ReportUnexpected("a value", _token.Kind == TokenKind.Comma ? "write \"\" for an empty string" : "");
            return null;
        }

        var value = parts.Build(_lexer.OriginOf(start), out var mixed);
        if (mixed is { } wrong)
        {
            const string Hint = "text, lists and objects join only their own kind; a comma may be missing";
            Report(wrong, "values that do not go together stand side by side", Hint);
        }

        return value;
    }

    private ObjectNode ParseObject()
    {
        var fields = new ObjectNode(_lexer.OriginOf(_token));
        ParseBraces(fields);
        return fields;
    }

    private Node ParseList()
    {
        var opening = _token;
        var origin = _lexer.OriginOf(opening);
        var items = new List<Node>();
        if (!Enter())
        {
            return ListOf(items, origin);
        }

        _listDepth++;
        Move();
        ParseItems(items, opening);
        _listDepth--;
        _depth--;
        return ListOf(items, origin);
    }

    private void ParseItems(List<Node> items, Token opening)
    {
        SkipNewlines();
        while (!_context.Errors.IsFull)
        {
            if (_token.Kind == TokenKind.CloseBracket)
            {
                Move();
                return;
            }

            if (_token.Kind == TokenKind.End)
            {
                ReportUnclosed("]", "[", opening.Line);
                return;
            }

            if (ParseValue() is not { } item)
            {
                Recover(TokenKind.CloseBracket);
                continue;
            }

            items.Add(item);
            if (!ParseSeparator(TokenKind.CloseBracket, HoconPath.Root))
            {
                Recover(TokenKind.CloseBracket);
            }
        }
    }

    private static Node ListOf(List<Node> items, HoconOrigin origin) =>
        items.TrueForAll(item => item is ValueNode)
            ? new ValueNode(new HoconList(items.Select(item => ((ValueNode)item).Value), origin))
            : new ListNode(items, origin);

    private ReferenceNode? ParseSubstitution()
    {
        var start = _token;
        var reader = new PathReader();
        MoveInside();
        while (_token.IsSimple)
        {
            reader.Add(_token, _lexer);
            MoveInside();
        }

        if (_token.Kind != TokenKind.CloseBrace)
        {
            ReportUnexpected("'}' behind the path", $"{start.Text[1..^1]} is not closed, or its path needs quotes");
            return null;
        }

        if (!reader.TryFinish(out var path, out var error))
        {
            Report(start, error, "write ${path} or ${?path}");
            Move();
            return null;
        }

        Move();
        if (path.Length > HoconLimits.Nesting)
        {
            Report(start, $"the path has more than {HoconLimits.Nesting} keys", "nest less");
            return null;
        }

        if (_place.IsInsideList)
        {
            Report(start, "a substitution stands in a file that is included inside a list", "its path cannot be told; include the file at a key");
        }

        return _context.NewReference(
            _place.Prefix.Append(path), _place.Prefix.Length, start.Kind == TokenKind.OptionalSubstitution, _lexer.OriginOf(start));
    }

    private void MoveInside() => _token = _lexer.Next(isInsideSubstitution: true);

    /// <summary>Collects what stands side by side, and joins at once what needs no resolving.</summary>
    private sealed class ConcatBuilder(Lexer lexer)
    {
        private readonly List<ConcatPart> _parts = [];
        private Token? _single;
        private StringBuilder? _text;
        private HoconOrigin _textOrigin;
        private Token _last;

        public bool IsEmpty => _parts.Count == 0 && _single is null;

        public void AddSimple(Token token)
        {
            if (_single is null)
            {
                AddBlank(token);
                (_single, _textOrigin) = (token, lexer.OriginOf(token));
            }
            else
            {
                _text ??= new StringBuilder(_single.Value.Text);
                _text.Append(lexer.Slice(token.BlankStart, token.Start)).Append(token.Text);
            }

            _last = token;
        }

        public void Add(Token token, Node part)
        {
            FinishText();
            AddBlank(token);
            _parts.Add(new ConcatPart(part, IsBlank: false));
            _last = token;
        }

        /// <summary>The value; <paramref name="mixed"/> is set where parts are certain not to go together.</summary>
        public Node Build(HoconOrigin origin, out Token? mixed)
        {
            FinishText();
            mixed = null;
            if (_parts.Count == 1)
            {
                return _parts[0].Node;
            }

            var joined = new ConcatNode(Shorten(_parts), origin);
            var isObject = joined.Parts.Exists(part => part.Node is ObjectNode);
            var isPlainObject = joined.Parts.Exists(part => part.Node is ObjectNode { HasIndexKeys: false });
            if ((joined.HasText && (joined.HasList || isObject)) || (joined.HasList && isPlainObject))
            {
                mixed = _last;
            }

            return joined.Parts is [var only] ? only.Node : joined;
        }

        private void AddBlank(Token token)
        {
            if (!IsEmpty && token.HasBlankBefore)
            {
                var blank = HoconScalar.String(lexer.Slice(token.BlankStart, token.Start), lexer.OriginOf(token));
                _parts.Add(new ConcatPart(new ValueNode(blank), IsBlank: true));
            }
        }

        private void FinishText()
        {
            if (_single is not { } token)
            {
                return;
            }

            var kind = _text is not null ? HoconKind.String : token.Kind switch
            {
                TokenKind.Number => HoconKind.Number,
                TokenKind.True or TokenKind.False => HoconKind.Boolean,
                TokenKind.Null => HoconKind.Null,
                _ => HoconKind.String,
            };
            _parts.Add(new ConcatPart(new ValueNode(new HoconScalar(kind, _text?.ToString() ?? token.Text, _textOrigin)), IsBlank: false));
            (_single, _text) = (null, null);
        }

        // Objects beside objects are merged and lists beside lists joined, unless a substitution stands between them.
        private static List<ConcatPart> Shorten(List<ConcatPart> parts)
        {
            var shorter = new List<ConcatPart>(parts.Count);
            foreach (var part in parts)
            {
                var last = shorter.FindLastIndex(earlier => !earlier.IsBlank);
                var joined = last < 0 ? null : Join(shorter[last].Node, part.Node);
                if (joined is null)
                {
                    shorter.Add(part);
                    continue;
                }

                shorter.RemoveRange(last, shorter.Count - last);
                shorter.Add(new ConcatPart(joined, IsBlank: false));
            }

            return shorter;
        }

        private static Node? Join(Node first, Node second) => (first, second) switch
        {
            (ObjectNode, ObjectNode) => ObjectNode.Merge(first, second),
            (ValueNode { Value: HoconList one }, ValueNode { Value: HoconList two }) => new ValueNode(one.Append(two)),
            (ListNode one, ListNode or ValueNode { Value: HoconList }) => AddItems(one, second),
            (ValueNode { Value: HoconList }, ListNode two) => new ListNode([.. ItemsOf(first), .. two.Items], first.Origin),
            _ => null,
        };

        private static ListNode AddItems(ListNode first, Node second)
        {
            first.Items.AddRange(ItemsOf(second));
            return first;
        }

        private static IEnumerable<Node> ItemsOf(Node list) => list switch
        {
            ListNode node => node.Items,
            ValueNode { Value: HoconList values } => values.Select(value => new ValueNode(value)),
            _ => [],
        };
    }
}

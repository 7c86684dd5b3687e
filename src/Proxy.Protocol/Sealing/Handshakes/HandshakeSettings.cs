using System.Buffers.Binary;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// What one end tells the other about itself inside the handshake: numbered values. Who does not know a number ignores it. Immutable.
/// <code>
/// | count (8) | (id (16), value (32))... |
/// </code>
/// </summary>
public sealed class HandshakeSettings
{
    private const int PairBytes = 6;

    private readonly (ushort Id, uint Value)[] _values;

    private HandshakeSettings((ushort Id, uint Value)[] values)
    {
        _values = values;
    }

    public static HandshakeSettings Empty { get; } = new([]);

    public IReadOnlyList<(ushort Id, uint Value)> Values => _values;

    internal int LengthBytes => 1 + (_values.Length * PairBytes);

    /// <summary>With one more value. Throws when the id is there already, or there are <see cref="SealingLimits.Settings"/> of them.</summary>
    public HandshakeSettings With(ushort id, uint value)
    {
        if (_values.Length == SealingLimits.Settings || TryGet(id, out _))
        {
            throw new InvalidOperationException($"Setting {id} is one too many.");
        }

        return new HandshakeSettings([.. _values, (id, value)]);
    }

    public bool TryGet(ushort id, out uint value)
    {
        foreach (var pair in _values)
        {
            if (pair.Id == id)
            {
                value = pair.Value;
                return true;
            }
        }

        value = 0;
        return false;
    }

    public uint GetOr(ushort id, uint otherwise) => TryGet(id, out var value) ? value : otherwise;

    internal int Write(Span<byte> target)
    {
        target[0] = (byte)_values.Length;
        var position = 1;
        foreach (var (id, value) in _values)
        {
            BinaryPrimitives.WriteUInt16BigEndian(target[position..], id);
            BinaryPrimitives.WriteUInt32BigEndian(target[(position + 2)..], value);
            position += PairBytes;
        }

        return position;
    }

    /// <summary>Takes the settings from the front of the bytes; false when there are too many, or one is cut or there twice.</summary>
    internal static bool TryTake(ref ReadOnlySpan<byte> rest, out HandshakeSettings settings)
    {
        settings = Empty;
        if (rest is not [<= SealingLimits.Settings, ..] || rest.Length < 1 + (rest[0] * PairBytes))
        {
            return false;
        }

        var values = new (ushort Id, uint Value)[rest[0]];
        rest = rest[1..];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = (BinaryPrimitives.ReadUInt16BigEndian(rest), BinaryPrimitives.ReadUInt32BigEndian(rest[2..]));
            rest = rest[PairBytes..];
        }

        settings = new HandshakeSettings(values);
        return values.DistinctBy(pair => pair.Id).Count() == values.Length;
    }
}

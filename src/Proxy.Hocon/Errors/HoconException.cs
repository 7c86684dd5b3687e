namespace Proxy.Hocon;

/// <summary>What the throwing conveniences throw; <see cref="Errors"/> has every error, the message one in each line.</summary>
public sealed class HoconException(IReadOnlyList<HoconError> errors) : Exception(string.Join('\n', errors))
{
    public IReadOnlyList<HoconError> Errors { get; } = errors;
}

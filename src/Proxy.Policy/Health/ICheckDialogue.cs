namespace Proxy.Policy.Health;

/// <summary>
/// What is said over one connection of one check, without the connection: sans-IO and not thread-safe. The owner connects, calls
/// <see cref="Begin"/>, then gives it what arrives until a step says passed or failed; nothing may be given to it after that. Timeouts are the
/// owner's (<see cref="CheckSchedule"/>). It keeps a bounded number of bytes, whatever the server sends.
/// </summary>
public interface ICheckDialogue
{
    /// <summary>The connection stands.</summary>
    CheckStep Begin();

    CheckStep HandleReceived(ReadOnlySpan<byte> bytes);

    /// <summary>The server has ended its direction, or reset: nothing more will arrive.</summary>
    CheckStep HandleEnd();
}

namespace Proxy.TestKit;

/// <summary>What a test expected of an actor did not happen; the message says what did.</summary>
public sealed class ExpectationException(string message, Exception? inner = null) : Exception(message, inner);

namespace Proxy.Kernel;

/// <summary>A message that could not be delivered: the recipient has stopped, or its bounded mailbox was full. On the event stream.</summary>
public sealed record DeadLetter(object Message, IActorRef Sender, IActorRef Recipient);

/// <summary>A message that reached its actor and was not handled by its present behaviour. Published on the event stream.</summary>
public sealed record UnhandledMessage(object Message, IActorRef Sender, IActorRef Recipient);

namespace Proxy.Kernel;

/// <summary>Request and answer for code outside of actors. Inside an actor, tell and handle the answer, or pipe it to yourself.</summary>
public static class AskPattern
{
    /// <summary>
    /// Tells the message under a reference made for this one answer. The task has the first answer; it fails with the cause of a
    /// <see cref="Status.Failure"/>, with <see cref="InvalidCastException"/> for an answer that is no <typeparamref name="TAnswer"/>, and with
    /// <see cref="AskTimeoutException"/>. Without a timeout it waits for as long as the token allows.
    /// </summary>
    public static Task<TAnswer> Ask<TAnswer>(
        this IActorRef receiver,
        object message,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TAnswer>(cancellationToken);
        }

        var system = ((IInternalActorRef)receiver).System;
        var answer = new AskActorRef<TAnswer>(system);
        if (timeout is not null || cancellationToken.CanBeCanceled)
        {
            answer.Limit(receiver, timeout, cancellationToken);
        }

        receiver.Tell(message, answer);
        return answer.Task;
    }
}

/// <summary>The reference of one question: the promise itself, in nobody's tree and in no registry.</summary>
internal sealed class AskActorRef<TAnswer> : TaskCompletionSource<TAnswer>, IInternalActorRef
{
    private ITimer? _timer;
    private CancellationTokenRegistration _registration;

    public AskActorRef(ActorSystem system)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        System = system;
    }

    public ActorSystem System { get; }

    public ActorPath Path => System.TemporaryPath;

    public void Limit(IActorRef receiver, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (timeout is { } limit && limit != Timeout.InfiniteTimeSpan)
        {
            _timer = System.TimeProvider.CreateTimer(_ => Expire(receiver, limit), null, limit, Timeout.InfiniteTimeSpan);
        }

        _registration = cancellationToken.UnsafeRegister(static (promise, token) => ((AskActorRef<TAnswer>)promise!).Cancel(token), this);
        if (Task.IsCompleted)
        {
            // Ended while the limits were being set up, so whoever ended it may not have seen them all.
            Unlimit();
        }
    }

    public void Tell(object message, IActorRef? sender)
    {
        var taken = message switch
        {
            Status.Failure failure => TrySetException(failure.Cause),
            TAnswer answer => TrySetResult(answer),
            _ => TrySetException(new InvalidCastException($"Asked for {typeof(TAnswer).Name}, answered with {message.GetType().Name}.")),
        };
        if (taken)
        {
            Unlimit();
        }
        else
        {
            System.Undelivered(new Envelope(message, sender), this);
        }
    }

    public void SendSystem(SystemMessage message)
    {
    }

    public override string ToString() => $"{Path}/ask";

    private void Expire(IActorRef receiver, TimeSpan limit)
    {
        TrySetException(new AskTimeoutException($"{receiver.Path} did not answer within {limit}."));
        Unlimit();
    }

    private void Cancel(CancellationToken token)
    {
        TrySetCanceled(token);
        Unlimit();
    }

    private void Unlimit()
    {
        _timer?.Dispose();
        _registration.Unregister();
    }
}

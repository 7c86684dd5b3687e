namespace Proxy.Kernel;

/// <summary>Asynchronous work comes back to an actor as a message.</summary>
public static class PipeToSupport
{
    /// <summary>
    /// Tells the task's result to the recipient, through <paramref name="success"/> if given; a failure or cancellation as
    /// <see cref="Status.Failure"/>, or through <paramref name="failure"/>. A task that is done already is told before this returns.
    /// </summary>
    public static Task PipeTo<TResult>(
        this Task<TResult> task,
        IActorRef recipient,
        IActorRef? sender = null,
        Func<TResult, object>? success = null,
        Func<Exception, object>? failure = null) =>
        Pipe(task, recipient, sender, () => success is null ? task.Result! : success(task.Result), failure);

    /// <summary>The same for a task without a result: success is told as <see cref="Status.Success"/>.</summary>
    public static Task PipeTo(
        this Task task,
        IActorRef recipient,
        IActorRef? sender = null,
        Func<object>? success = null,
        Func<Exception, object>? failure = null) =>
        Pipe(task, recipient, sender, () => success is null ? new Status.Success(null) : success(), failure);

    private static async Task Pipe(Task task, IActorRef recipient, IActorRef? sender, Func<object> success, Func<Exception, object>? failure)
    {
        object message;
        try
        {
            await task.ConfigureAwait(false);
            message = success();
        }
        catch (Exception cause)
        {
            message = failure is null ? new Status.Failure(cause) : failure(cause);
        }

        recipient.Tell(message, sender);
    }
}

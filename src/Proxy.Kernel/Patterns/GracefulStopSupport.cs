namespace Proxy.Kernel;

/// <summary>Stopping an actor and waiting for its end, for code outside of actors.</summary>
public static class GracefulStopSupport
{
    /// <summary>
    /// Tells <paramref name="stopMessage"/> (or <see cref="PoisonPill"/>) and completes with true when the actor has stopped; cancelled
    /// (<see cref="TaskCanceledException"/>) when it has not within the timeout.
    /// </summary>
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object? stopMessage = null)
    {
        var subject = (IInternalActorRef)target;
        var end = new EndOfActorRef(subject);
        end.Arm(timeout);
        subject.SendSystem(new SystemMessage.Watch(end));
        target.Tell(stopMessage ?? PoisonPill.Instance, ActorRefs.NoSender);
        return end.Task;
    }

    /// <summary>A watcher that is only a promise.</summary>
    private sealed class EndOfActorRef : TaskCompletionSource<bool>, IInternalActorRef
    {
        private readonly IInternalActorRef _subject;
        private ITimer? _timer;

        public EndOfActorRef(IInternalActorRef subject)
            : base(TaskCreationOptions.RunContinuationsAsynchronously)
        {
            _subject = subject;
        }

        public ActorSystem System => _subject.System;

        public ActorPath Path => System.TemporaryPath;

        public void Arm(TimeSpan timeout) =>
            _timer = System.TimeProvider.CreateTimer(static end => ((EndOfActorRef)end!).GiveUp(), this, timeout, Timeout.InfiniteTimeSpan);

        public void Tell(object message, IActorRef? sender) => System.Undelivered(new Envelope(message, sender), this);

        public void SendSystem(SystemMessage message)
        {
            if (message is SystemMessage.WatchedTerminated && TrySetResult(true))
            {
                _timer?.Dispose();
            }
        }

        private void GiveUp()
        {
            if (TrySetCanceled())
            {
                _subject.SendSystem(new SystemMessage.Unwatch(this));
            }
        }
    }
}

namespace Proxy.Kernel;

/// <summary>
/// Watching. The subject's system message only notes the end and queues a <see cref="Terminated"/> behind the user messages told before it; whether
/// that is delivered is decided when it is handled, so an <c>Unwatch</c> in between holds.
/// </summary>
internal sealed partial class ActorCell
{
    public IActorRef Watch(IActorRef subject)
    {
        // A parent is told of its children's end in any case.
        if (subject != Self && Extras.Watching.TryAdd(subject, WatchState.Alive) && !(subject is LocalActorRef local && IsChild(local)))
        {
            ((IInternalActorRef)subject).SendSystem(new SystemMessage.Watch(Self));
        }

        return subject;
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        if (subject != Self && _extras?.WatchingOrNull is { } watching && watching.Remove(subject))
        {
            ((IInternalActorRef)subject).SendSystem(new SystemMessage.Unwatch(Self));
        }

        return subject;
    }

    /// <summary>Whether the end of the subject is to be told: it is still watched, and was not told before.</summary>
    private bool StopsWatching(IActorRef subject) =>
        _extras?.WatchingOrNull is { } watching
        && watching.TryGetValue(subject, out var state)
        && state == WatchState.TerminatedQueued
        && watching.Remove(subject);

    private void HandleWatchedTerminated(IInternalActorRef subject)
    {
        if (_extras?.WatchingOrNull is { } watching && watching.TryGetValue(subject, out var state) && state == WatchState.Alive)
        {
            watching[subject] = WatchState.TerminatedQueued;
            _mailbox.PostUnbounded(new Envelope(new Terminated(subject), subject));
        }

        if (subject is LocalActorRef local && IsChild(local))
        {
            RemoveChild(local);
            ContinueWithoutChild();
        }
    }

    private void TellWatchers()
    {
        var terminated = Self;
        _parent.SendSystem(new SystemMessage.WatchedTerminated(terminated));
        if (_extras is null)
        {
            return;
        }

        _extras.TellWatchers(terminated, _parent);
        if (_extras.WatchingOrNull is not { } watching)
        {
            return;
        }

        foreach (var subject in watching.Keys)
        {
            ((IInternalActorRef)subject).SendSystem(new SystemMessage.Unwatch(terminated));
        }
    }
}

internal enum WatchState
{
    Alive,
    TerminatedQueued,
}

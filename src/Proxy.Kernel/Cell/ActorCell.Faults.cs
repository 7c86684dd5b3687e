using Proxy.Kernel.Event;

namespace Proxy.Kernel;

/// <summary>
/// Failure and supervision. Who fails suspends itself and its children, and asks the parent; each directive undoes exactly one suspension, so nested
/// failures keep their count.
/// </summary>
internal sealed partial class ActorCell
{
    private void HandleFailure(Exception cause, LocalActorRef? perpetrator = null)
    {
        if (_state >= CellState.Terminating)
        {
            LogError(cause, Self, $"Failed while stopping: {cause.Message}");
            return;
        }

        SuspendSelfAndChildren(except: perpetrator);
        Extras.Failure ??= new Failure(_message, perpetrator);
        _parent.SendSystem(new SystemMessage.Failed(Self, cause));
    }

    private void SuspendSelfAndChildren(LocalActorRef? except)
    {
        _mailbox.Suspend();
        foreach (var child in ChildrenSnapshot())
        {
            if (child != except)
            {
                child.SendSystem(new SystemMessage.Suspend());
            }
        }
    }

    private void HandleChildFailed(LocalActorRef child, Exception cause)
    {
        if (_state >= CellState.Terminating || !IsChild(child))
        {
            return;
        }

        var strategy = Props.SupervisorStrategy ?? _actor?.SupervisorStrategy() ?? Kernel.SupervisorStrategy.DefaultStrategy;
        switch (strategy.Decide(cause))
        {
            case Directive.Resume:
                System.EventStream.Publish(new Warning(child.Path.ToString(), cause.Message));
                child.SendSystem(new SystemMessage.Resume(afterFailure: true));
                break;
            case Directive.Restart:
                LogError(cause, child, cause.Message);
                RestartOrStop(strategy, child, cause);
                break;
            case Directive.Stop:
                LogError(cause, child, cause.Message);
                StopAll(strategy.Affected(child, ChildrenSnapshot()));
                break;
            default:
                HandleFailure(cause, child);
                break;
        }
    }

    private void RestartOrStop(SupervisorStrategy strategy, LocalActorRef failed, Exception cause)
    {
        var affected = strategy.Affected(failed, ChildrenSnapshot());
        var allowed = true;
        foreach (var child in affected)
        {
            allowed &= Extras.StatisticsOf(child).TryCountRestart(strategy.MaximumRestarts, strategy.Window, System.TimeProvider);
        }

        if (!allowed)
        {
            StopAll(affected);
            return;
        }

        foreach (var child in affected)
        {
            // The failed one is suspended by its own failure.
            if (child != failed)
            {
                child.SendSystem(new SystemMessage.Suspend());
            }

            child.SendSystem(new SystemMessage.Recreate(cause));
        }
    }

    private void StopAll(IReadOnlyList<LocalActorRef> children)
    {
        foreach (var child in children)
        {
            Stop(child);
        }
    }

    private void HandleResume(bool afterFailure)
    {
        if (_actor is null)
        {
            // Nothing to go on with: the constructor failed. A resume then makes the instance.
            HandleRecreate(new InvalidOperationException("Resumed without an instance."));
            return;
        }

        var perpetrator = _extras?.Failure?.Perpetrator;
        _mailbox.Resume();
        if (afterFailure)
        {
            Extras.Failure = null;
        }

        foreach (var child in ChildrenSnapshot())
        {
            child.SendSystem(new SystemMessage.Resume(afterFailure && child == perpetrator));
        }
    }

    private void HandleRecreate(Exception cause)
    {
        if (_state is not CellState.Running)
        {
            // A second failure while the first is being repaired: the repair answers both.
            _mailbox.Resume();
            return;
        }

        if (_actor is { } failed)
        {
            try
            {
                failed.PreRestart(cause, _extras?.Failure?.Message);
            }
            catch (Exception secondary)
            {
                LogError(secondary, Self, $"PreRestart failed: {secondary.Message}");
            }

            ReleaseActor();
        }
        else
        {
            // The last instance never came to life; what children it had made belong to nobody.
            StopAll(ChildrenSnapshot());
        }

        Extras.RecreateCause = cause;
        _state = CellState.Recreating;
        ContinueWithoutChild();
    }

    private void FinishRecreate()
    {
        var cause = Extras.RecreateCause!;
        var survivors = ChildrenSnapshot();
        Extras.RecreateCause = null;
        Extras.Failure = null;
        Extras.RestartCount++;
        _state = CellState.Running;
        _mailbox.Resume();
        try
        {
            _actor = NewInstance();
            _actor.PostRestart(cause);
        }
        catch (Exception secondary)
        {
            ReleaseActor();
            HandleFailure(new PostRestartException($"{Self} could not restart: {secondary.Message}", secondary));
            return;
        }

        foreach (var child in survivors)
        {
            child.SendSystem(new SystemMessage.Recreate(cause));
        }
    }

    private void Terminate()
    {
        if (_state >= CellState.Terminating)
        {
            return;
        }

        LocalActorRef[] children;
        lock (Self)
        {
            _state = CellState.Terminating;
            children = ChildrenSnapshot();
        }

        // What is told from here on is not handled any more, also while children are waited for.
        _mailbox.Suspend();
        foreach (var child in children)
        {
            child.SendSystem(new SystemMessage.Stop());
        }

        ContinueWithoutChild();
    }

    /// <summary>"All children gone?" is asked here, and nowhere else.</summary>
    private void ContinueWithoutChild()
    {
        if (_state == CellState.Terminating && !HasChildren())
        {
            FinishTerminate();
        }
        else if (_state == CellState.Recreating && _extras is not { HasStoppingChildren: true })
        {
            FinishRecreate();
        }
    }

    private void FinishTerminate()
    {
        try
        {
            _actor?.PostStop();
        }
        catch (Exception cause)
        {
            LogError(cause, Self, $"PostStop failed: {cause.Message}");
        }

        ReleaseActor();
        _state = CellState.Terminated;
        _mailbox.Close();
        TellWatchers();
        _extras = null;
        lock (Self)
        {
            _children = null;
        }
    }

    /// <summary>Cuts what belongs to the instance and not to the cell: timers, stash, behaviours.</summary>
    private void ReleaseActor()
    {
        _extras?.ReleaseActor();
        _behavior = null;
        _actor = null;
    }
}

/// <param name="Message">What the actor was handling when it failed; null if it failed outside of a message.</param>
/// <param name="Perpetrator">The child whose escalated failure this is, if it is not the actor's own.</param>
internal sealed record Failure(object? Message, LocalActorRef? Perpetrator);

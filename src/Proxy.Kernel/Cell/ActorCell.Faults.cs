using Proxy.Kernel.Event;

namespace Proxy.Kernel;

/// <summary>
/// Failure and supervision. An actor handles no user message while it has failed, while its parent is suspended, or while it is being recreated or
/// stopped; its children follow. These are facts and not a count, so no order of failures and directives can leave an actor suspended for ever, or
/// let one run that has no instance.
/// </summary>
internal sealed partial class ActorCell
{
    private bool _isParentSuspended;

    private void HandleFailure(Exception cause, LocalActorRef? perpetrator = null)
    {
        if (_state >= CellState.Terminating)
        {
            LogError(cause, Self, $"Failed while stopping: {cause.Message}");
            return;
        }

        if (Extras.Failure is not null)
        {
            // The supervisor has been asked already; its directive answers this one too. The first cause is the one it decides by.
            LogError(cause, Self, $"Failed again before the supervisor decided: {cause.Message}");
        }
        else
        {
            Extras.Failure = new Failure(_message);
            _parent.SendSystem(new SystemMessage.Failed(Self, cause));
        }

        if (perpetrator is not null)
        {
            Extras.Failure.Perpetrators.Add(perpetrator);
        }

        UpdateSuspension();
    }

    private void UpdateSuspension()
    {
        var isSuspended = _state != CellState.Running || _isParentSuspended || _extras?.Failure is not null;
        if (isSuspended == _mailbox.IsSuspended)
        {
            return;
        }

        _mailbox.IsSuspended = isSuspended;
        foreach (var child in ChildrenSnapshot())
        {
            child.SendSystem(isSuspended ? new SystemMessage.Suspend() : new SystemMessage.Unsuspend());
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
                child.SendSystem(new SystemMessage.Resume());
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

    private void HandleResume()
    {
        if (_extras?.Failure is not { } failure)
        {
            return;
        }

        if (_actor is null)
        {
            // Nothing to go on with: the constructor failed. A resume then makes the instance.
            HandleRecreate(new InvalidOperationException("Resumed without an instance."));
            return;
        }

        Extras.Failure = null;
        UpdateSuspension();
        foreach (var perpetrator in failure.Perpetrators)
        {
            perpetrator.SendSystem(new SystemMessage.Resume());
        }
    }

    private void HandleRecreate(Exception cause)
    {
        if (_state is not CellState.Running)
        {
            // Under repair already, or on its way out.
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
        UpdateSuspension();
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

        UpdateSuspension();
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
        _mailbox.IsSuspended = true;
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

/// <summary>A failure that waits for the supervisor's directive.</summary>
/// <param name="Message">What the actor was handling when it failed; null if it failed outside of a message.</param>
internal sealed record Failure(object? Message)
{
    /// <summary>Children whose escalated failures are among the causes; a resume of this actor resumes them.</summary>
    public List<LocalActorRef> Perpetrators { get; } = [];
}

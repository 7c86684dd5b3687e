using Proxy.Kernel;

namespace Proxy.Actors;

/// <summary>
/// One question to all components of a node, answered as one <see cref="ComponentStatus"/>: by actors alone, so that it runs in a simulation as
/// everything else does. A component that stops or is silent is left out of the answer.
/// </summary>
internal sealed class StatusGatherer : ReceiveActor
{
    private readonly IReadOnlyList<IActorRef> _components;
    private readonly ComponentStatus _own;
    private readonly IActorRef _asker;
    private readonly IActorRef _asked;
    private readonly Dictionary<IActorRef, ComponentStatus> _answers = [];
    private readonly HashSet<IActorRef> _awaited;

    /// <param name="components">Whom to ask.</param>
    /// <param name="own">What the asked node knows by itself.</param>
    /// <param name="asker">Who is answered.</param>
    /// <param name="asked">In whose name.</param>
    public StatusGatherer(IReadOnlyList<IActorRef> components, ComponentStatus own, IActorRef asker, IActorRef asked)
    {
        _asked = asked;
        _components = components;
        _own = own;
        _asker = asker;
        _awaited = [.. components];
        Receive<ComponentStatus>(HandleAnswer);
        Receive<Terminated>(terminated => StopWaitingFor(terminated.ActorRef));
        Receive<Timer>(_ => Answer());
    }

    private enum Timer
    {
        Limit,
    }

    protected override void PreStart()
    {
        Context.Timers.StartSingleTimer(Timer.Limit, Timer.Limit, Limit);
        foreach (var component in _components)
        {
            Context.Watch(component).Tell(GetStatus.Instance);
        }

        AnswerWhenComplete();
    }

    private void HandleAnswer(ComponentStatus status)
    {
        _answers[Sender] = status;
        StopWaitingFor(Sender);
    }

    private void StopWaitingFor(IActorRef component)
    {
        _awaited.Remove(component);
        AnswerWhenComplete();
    }

    private void AnswerWhenComplete()
    {
        if (_awaited.Count == 0)
        {
            Answer();
        }
    }

    private void Answer()
    {
        _asker.Tell(_components.Where(_answers.ContainsKey).Aggregate(_own, (sum, component) => sum.Plus(_answers[component])), _asked);
        Context.Stop(Self);
    }

    // A loop that is busy for longer has worse troubles than a status that lacks it.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
}

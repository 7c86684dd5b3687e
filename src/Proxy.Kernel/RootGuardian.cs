using Proxy.Kernel.Event;

namespace Proxy.Kernel;

/// <summary>
/// The root of the tree and the parent of the two guardians. A failure that comes up to here ends the system, for there is nobody left to
/// decide. Stops <c>/user</c> first, then <c>/system</c>.
/// </summary>
internal sealed class RootGuardian : IInternalActorRef
{
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RootGuardian(ActorSystem system, ActorPath path, SupervisorStrategy userStrategy)
    {
        ActorSystem = system;
        Path = path;
        User = Guardian("user", userStrategy);
        System = Guardian("system", SupervisorStrategy.DefaultStrategy);
    }

    public ActorPath Path { get; }

    public ActorCell User { get; }

    public ActorCell System { get; }

    public Task WhenTerminated => _terminated.Task;

    ActorSystem IInternalActorRef.System => ActorSystem;

    private ActorSystem ActorSystem { get; }

    public void Start()
    {
        User.Start();
        System.Start();
    }

    public void Terminate() => User.Self.SendSystem(new SystemMessage.Stop());

    public void Tell(object message, IActorRef? sender) => ActorSystem.Undelivered(new Envelope(message, sender), this);

    public void SendSystem(SystemMessage message)
    {
        switch (message)
        {
            case SystemMessage.Failed failed:
                ActorSystem.EventStream.Publish(
                    new Error(failed.Cause, failed.Child.Path.ToString(), $"Nobody handled this failure, the system ends: {failed.Cause.Message}"));
                Terminate();
                break;
            case SystemMessage.WatchedTerminated terminated when terminated.Subject == User.Self:
                System.Self.SendSystem(new SystemMessage.Stop());
                break;
            case SystemMessage.WatchedTerminated:
                _terminated.TrySetResult();
                break;
        }
    }

    private ActorCell Guardian(string name, SupervisorStrategy strategy) => new(
        ActorSystem,
        this,
        Path.Child(name),
        Props.Create(static () => new GuardianActor()).WithSupervisorStrategy(strategy),
        ActorSystem.Dispatcher);

    private sealed class GuardianActor : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }
}

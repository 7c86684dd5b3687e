using Proxy.Kernel;

namespace Proxy.TestKit;

/// <summary>
/// An actor written inside its test. The script is shared by all instances that restarts make, so what a test counts in it survives them; the
/// hooks that it leaves out do what every actor's do.
/// </summary>
public sealed class ScriptedActor : ActorBase
{
    private readonly Script _script;

    private ScriptedActor(Script script)
    {
        _script = script;
        script.Constructed?.Invoke(Context);
    }

    public static Props Props(Script script) => Kernel.Props.Create(() => new ScriptedActor(script));

    /// <summary>An actor that handles every message with that one function.</summary>
    public static Props Props(Action<IActorContext, object> handle) => Props(new Script
    {
        Handle = (context, message) =>
        {
            handle(context, message);
            return true;
        },
    });

    protected override bool Receive(object message) => _script.Handle(Context, message);

    protected override void PreStart() => _script.PreStart?.Invoke(Context);

    protected override void PostStop() => _script.PostStop?.Invoke(Context);

    protected override void PreRestart(Exception reason, object? message)
    {
        _script.PreRestart?.Invoke(Context, reason, message);
        if (!_script.KeepsChildrenAtRestart)
        {
            base.PreRestart(reason, message);
        }
    }

    protected override void PostRestart(Exception reason)
    {
        _script.PostRestart?.Invoke(Context, reason);
        base.PostRestart(reason);
    }

    protected override SupervisorStrategy SupervisorStrategy() => _script.Strategy ?? base.SupervisorStrategy();
}

/// <summary>What a <see cref="ScriptedActor"/> does.</summary>
public sealed record Script
{
    /// <summary>Whether the message was handled.</summary>
    public Func<IActorContext, object, bool> Handle { get; init; } = (_, _) => false;

    public Action<IActorContext>? Constructed { get; init; }

    public Action<IActorContext>? PreStart { get; init; }

    public Action<IActorContext>? PostStop { get; init; }

    public Action<IActorContext, Exception, object?>? PreRestart { get; init; }

    public Action<IActorContext, Exception>? PostRestart { get; init; }

    /// <summary>Whether children survive a restart of this actor, instead of being stopped as by default.</summary>
    public bool KeepsChildrenAtRestart { get; init; }

    public SupervisorStrategy? Strategy { get; init; }
}

namespace Proxy.Kernel;

/// <summary>
/// An actor whose states are tables of typed handlers. The first registered handler whose type (and predicate) fits takes the message. A state's
/// table is built when the state is entered: <c>Become(Connected)</c> runs <c>Connected</c>, which registers and may do its entry work, such as
/// starting a timer. Building is a list of type tests, no reflection.
/// </summary>
public abstract class ReceiveActor : ActorBase
{
    private readonly ReceiveTable _initial = new();
    private ReceiveTable? _configuring;

    protected ReceiveActor()
    {
        _configuring = _initial;
    }

    protected internal sealed override bool Receive(object message) => _initial.Handle(message);

    protected void Receive<TMessage>(Action<TMessage> handler) => Configuring.Add(handler);

    /// <summary>Takes the message only if <paramref name="shouldHandle"/> says so; else later handlers are asked.</summary>
    protected void Receive<TMessage>(Predicate<TMessage> shouldHandle, Action<TMessage> handler) => Configuring.Add(shouldHandle, handler);

    protected void ReceiveAny(Action<object> handler) => Configuring.Add(handler);

    /// <summary>From the next message on, the handlers that <paramref name="configure"/> registers are in force.</summary>
    protected void Become(Action configure) => Context.Become(Build(configure));

    protected void BecomeStacked(Action configure) => Context.BecomeStacked(Build(configure));

    internal void EndInitialConfiguration() => _configuring = null;

    private ReceiveTable Configuring => _configuring
        ?? throw new InvalidOperationException("Handlers are registered in the constructor or in the method given to Become.");

    private Receive Build(Action configure)
    {
        var table = new ReceiveTable();
        var outer = _configuring;
        _configuring = table;
        try
        {
            configure();
        }
        finally
        {
            _configuring = outer;
        }

        return table.Handle;
    }
}

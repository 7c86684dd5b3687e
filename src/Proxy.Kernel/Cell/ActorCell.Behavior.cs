namespace Proxy.Kernel;

/// <summary>Become: the present behaviour is one delegate (null: the actor's own), those below it are a stack that most actors never need.</summary>
internal sealed partial class ActorCell
{
    public void Become(Receive receive) => _behavior = receive;

    public void Become(UntypedReceive receive) => _behavior = receive;

    public void BecomeStacked(Receive receive) => Push(receive);

    public void BecomeStacked(UntypedReceive receive) => Push(receive);

    public void UnbecomeStacked() =>
        _behavior = _extras?.Behaviors is { Count: > 0 } behaviors ? behaviors.Pop() : null;

    private void Push(Delegate receive)
    {
        (Extras.Behaviors ??= new Stack<Delegate?>()).Push(_behavior);
        _behavior = receive;
    }
}

namespace Proxy.Kernel;

/// <summary>
/// The children by name. The lock is for the guardians, whose children are made from any thread; elsewhere it is never contended.
/// </summary>
internal sealed partial class ActorCell
{
    private Dictionary<string, LocalActorRef>? _children;
    private int _namesGiven;

    public IReadOnlyCollection<IActorRef> Children => ChildrenSnapshot();

    public IActorRef ActorOf(Props props, string? name = null)
    {
        if (name is not null && !ActorPath.IsValidName(name))
        {
            throw new InvalidActorNameException($"'{name}' cannot be an actor's name.");
        }

        LocalActorRef child;
        lock (Self)
        {
            if (_state >= CellState.Terminating)
            {
                throw new InvalidOperationException($"{Self} is stopping and can have no new children.");
            }

            _children ??= [];
            name ??= GivenName(_namesGiven++);
            child = new ActorCell(System, Self, Self.Path.Child(name), props, props.Dispatcher ?? Dispatcher).Self;
            if (!_children.TryAdd(name, child))
            {
                throw new InvalidActorNameException($"{Self} has a child '{name}' already.");
            }
        }

        child.Cell.Start();
        return child;
    }

    public IActorRef? Child(string name)
    {
        lock (Self)
        {
            return _children?.GetValueOrDefault(name);
        }
    }

    public void Stop(IActorRef child)
    {
        if (child is LocalActorRef local && IsChild(local))
        {
            Extras.StoppingChildren.Add(local);
        }

        ((IInternalActorRef)child).SendSystem(new SystemMessage.Stop());
    }

    private LocalActorRef[] ChildrenSnapshot()
    {
        lock (Self)
        {
            return _children is null ? [] : [.. _children.Values];
        }
    }

    private bool IsChild(LocalActorRef actor)
    {
        lock (Self)
        {
            return _children is not null && _children.TryGetValue(actor.Path.Name, out var child) && child == actor;
        }
    }

    private void RemoveChild(LocalActorRef child)
    {
        lock (Self)
        {
            _children!.Remove(child.Path.Name);
        }

        _extras?.ForgetChild(child);
    }

    private bool HasChildren()
    {
        lock (Self)
        {
            return _children is { Count: > 0 };
        }
    }

    /// <summary>'$' and the number in base 36: short, and never the name of a user's choice.</summary>
    private static string GivenName(int number)
    {
        Span<char> text = stackalloc char[8];
        var start = text.Length;
        do
        {
            text[--start] = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
            number /= 36;
        }
        while (number > 0);
        text[--start] = '$';
        return new string(text[start..]);
    }
}

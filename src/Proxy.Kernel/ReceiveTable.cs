namespace Proxy.Kernel;

/// <summary>The handlers of one state of a <see cref="ReceiveActor"/>, in order of registration.</summary>
internal sealed class ReceiveTable
{
    private Handler? _first;
    private Handler? _last;

    public void Add<TMessage>(Action<TMessage> handle) => Append(new Typed<TMessage>(handle));

    public void Add<TMessage>(Predicate<TMessage> shouldHandle, Action<TMessage> handle) =>
        Append(new Conditional<TMessage>(shouldHandle, handle));

    public bool Handle(object message)
    {
        for (var handler = _first; handler is not null; handler = handler.Next)
        {
            if (handler.TryHandle(message))
            {
                return true;
            }
        }

        return false;
    }

    private void Append(Handler handler)
    {
        if (_last is null)
        {
            _first = handler;
        }
        else
        {
            _last.Next = handler;
        }

        _last = handler;
    }

    private abstract class Handler
    {
        public Handler? Next { get; set; }

        public abstract bool TryHandle(object message);
    }

    private sealed class Typed<TMessage>(Action<TMessage> handle) : Handler
    {
        public override bool TryHandle(object message)
        {
            if (message is not TMessage typed)
            {
                return false;
            }

            handle(typed);
            return true;
        }
    }

    private sealed class Conditional<TMessage>(Predicate<TMessage> shouldHandle, Action<TMessage> handle) : Handler
    {
        public override bool TryHandle(object message)
        {
            if (message is not TMessage typed || !shouldHandle(typed))
            {
                return false;
            }

            handle(typed);
            return true;
        }
    }
}

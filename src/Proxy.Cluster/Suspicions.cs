using Proxy.Kernel;

namespace Proxy.Cluster;

/// <summary>Who says that which member cannot be reached. A member is unreachable as long as anybody says so.</summary>
internal sealed class Suspicions
{
    private readonly Dictionary<string, HashSet<IActorRef>> _byName = [];

    /// <summary>Whether it was reachable until now.</summary>
    public bool Add(string name, IActorRef reporter)
    {
        if (!_byName.TryGetValue(name, out var reporters))
        {
            _byName.Add(name, reporters = []);
        }

        reporters.Add(reporter);
        return reporters.Count == 1;
    }

    /// <summary>Whether it is reachable from now on.</summary>
    public bool Remove(string name, IActorRef reporter)
    {
        if (!_byName.TryGetValue(name, out var reporters) || !reporters.Remove(reporter) || reporters.Count > 0)
        {
            return false;
        }

        return _byName.Remove(name);
    }

    /// <summary>The members that are reachable now that this one says nothing any more.</summary>
    public IReadOnlyList<string> Remove(IActorRef reporter) => [.. _byName.Keys.ToArray().Where(name => Remove(name, reporter))];

    /// <summary>It is no member any more, and a new one of that name is another matter.</summary>
    public void Forget(string name) => _byName.Remove(name);
}

namespace Proxy.Kernel;

/// <summary>
/// Where an actor stands in its system's tree: <c>actor://system/user/parent/child</c>. Two paths are equal if their text is; a name may be used
/// again after its actor has stopped, so a path names a place and a reference names an actor.
/// </summary>
public sealed class ActorPath : IEquatable<ActorPath>
{
    private ActorPath(ActorPath? parent, string name)
    {
        Parent = parent;
        Name = name;
    }

    /// <summary>The path one level up; null for the root.</summary>
    public ActorPath? Parent { get; }

    /// <summary>The last element; for the root, the name of the system.</summary>
    public string Name { get; }

    public static bool operator ==(ActorPath? left, ActorPath? right) => Equals(left, right);

    public static bool operator !=(ActorPath? left, ActorPath? right) => !Equals(left, right);

    /// <summary>Whether the text may be an actor's name: not empty, no slash, and no leading '$', which marks names that the kernel makes.</summary>
    public static bool IsValidName(string name) => name.Length > 0 && name[0] != '$' && !name.Contains('/');

    public override string ToString() => Parent is null ? $"actor://{Name}" : $"{Parent}/{Name}";

    public bool Equals(ActorPath? other)
    {
        var mine = this;
        while (mine is not null && other is not null && mine.Name == other.Name)
        {
            if (ReferenceEquals(mine, other))
            {
                return true;
            }

            mine = mine.Parent;
            other = other.Parent;
        }

        return mine is null && other is null;
    }

    public override bool Equals(object? obj) => Equals(obj as ActorPath);

    public override int GetHashCode() => HashCode.Combine(Name, Parent?.Name);

    internal static ActorPath Root(string systemName) => new(null, systemName);

    internal ActorPath Child(string name) => new(this, name);
}

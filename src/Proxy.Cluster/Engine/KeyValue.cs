namespace Proxy.Cluster.Engine;

/// <summary>A key as the engine holds it. The arrays are not to be written to.</summary>
/// <param name="Key">The key's bytes.</param>
/// <param name="Value">The value's bytes; empty in a deletion's event.</param>
/// <param name="CreateRevision">The revision at which this key came to be; 0 where it is not there.</param>
/// <param name="ModRevision">The revision of its last change; of its deletion in a deletion's event.</param>
/// <param name="Version">Changes since it came to be, from 1.</param>
/// <param name="Lease">The lease it ends with; 0: none.</param>
public sealed record KeyValue(byte[] Key, byte[] Value, long CreateRevision, long ModRevision, long Version, long Lease)
{
    public string KeyText => Engine.KeyText.Of(Key);
}

/// <summary>What every answer says about the engine itself.</summary>
/// <param name="ClusterId">Another one: another engine, whose revisions have nothing to do with those before.</param>
/// <param name="MemberId">Which of the engine's nodes answered.</param>
/// <param name="Revision">The store's revision when it answered.</param>
/// <param name="RaftTerm">The term of the engine's leader; 0 where there is none to elect.</param>
public sealed record EngineHeader(ulong ClusterId, ulong MemberId, long Revision, ulong RaftTerm)
{
    public static readonly EngineHeader None = new(0, 0, 0, 0);
}

/// <summary>One change.</summary>
/// <param name="IsDelete">Whether the key is gone: deleted, or its lease has ended.</param>
/// <param name="Now">The key after the change.</param>
/// <param name="Previous">The key before it, where it was asked for and there was one.</param>
public sealed record KeyEvent(bool IsDelete, KeyValue Now, KeyValue? Previous);

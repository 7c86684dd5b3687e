using Proxy.Policy.Names;

namespace Proxy.Node.Names;

/// <summary>Somebody who can be asked about names. Any thread.</summary>
internal interface INameSource
{
    /// <summary>No addresses: there are none. The task fails when nobody answers.</summary>
    Task<NameAnswer> AskAsync(string name);
}

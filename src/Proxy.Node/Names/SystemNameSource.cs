using System.Net;
using System.Net.Sockets;
using Proxy.Policy.Names;

namespace Proxy.Node.Names;

/// <summary>Asks the operating system, which knows more than name servers do: files, search domains, neighbours. It does not say how long that is true.</summary>
internal sealed class SystemNameSource : INameSource
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(5);

    public async Task<NameAnswer> AskAsync(string name)
    {
        try
        {
            return new NameAnswer(await Dns.GetHostAddressesAsync(name), Age);
        }
        catch (SocketException failure) when (failure.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            return new NameAnswer([], Age);
        }
    }
}

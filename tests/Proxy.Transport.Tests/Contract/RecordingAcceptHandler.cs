namespace Proxy.Transport.Tests.Contract;

/// <summary>Keeps what a listener accepted, or gives it to <see cref="WhenAccepted"/>.</summary>
public sealed class RecordingAcceptHandler : IAcceptHandler
{
    private readonly Lock _lock = new();
    private readonly List<IAcceptedConnection> _accepted = [];

    public Action<IAcceptedConnection>? WhenAccepted { get; set; }

    public IReadOnlyList<IAcceptedConnection> Accepted
    {
        get
        {
            lock (_lock)
            {
                return [.. _accepted];
            }
        }
    }

    public void OnAccepted(IAcceptedConnection connection)
    {
        WhenAccepted?.Invoke(connection);
        lock (_lock)
        {
            _accepted.Add(connection);
        }
    }

    public void OnAcceptFailed(TransportFault fault) => throw new InvalidOperationException("Accepting failed: " + fault);
}

using Proxy.Kernel;
using Proxy.Kernel.Event;

namespace Proxy.Actors;

/// <summary>
/// Looks at the files of a frontend's certificates again and again, and puts what is new in force. A file that is wrong changes nothing; that is
/// said once for each fault. States: waiting → reading → waiting.
/// </summary>
internal sealed class CertificateActor : ReceiveActor
{
    private readonly TlsTermination _termination;
    private readonly string _frontend;
    private readonly ILoggingAdapter _log;
    private string? _lastFault;

    public CertificateActor(TlsTermination termination, string frontend)
    {
        _termination = termination;
        _frontend = frontend;
        _log = Context.GetLogger();
        Become(Waiting);
    }

    /// <summary>Looks at the files now.</summary>
    internal sealed record Look
    {
        public static readonly Look Instance = new();
    }

    private sealed record Looked(bool IsNew, string? Fault);

    protected override void PreStart() => Schedule();

    // States

    private void Waiting() => Receive<Look>(look =>
    {
        var termination = _termination;
        Become(Reading);
        _ = Task.Run(termination.TryReload).PipeTo(
            Self, success: isNew => new Looked(isNew, null), failure: fault => new Looked(false, fault.Message));
    });

    private void Reading()
    {
        Receive<Look>(_ => { });
        Receive<Looked>(looked =>
        {
            Tell(looked);
            _lastFault = looked.Fault;
            Become(Waiting);
            Schedule();
        });
    }

    private void Tell(Looked looked)
    {
        if (looked.IsNew)
        {
            foreach (var text in _termination.Current.Texts)
            {
                _log.Info($"{_frontend}: new certificate in force: {text}");
            }
        }
        else if (looked.Fault is { } fault && fault != _lastFault)
        {
            _log.Warning($"{_frontend}: the certificates stay as they are: {fault}");
        }
    }

    private void Schedule()
    {
        if (_termination.Settings.ReloadInterval > TimeSpan.Zero)
        {
            Context.Timers.StartSingleTimer(Look.Instance, Look.Instance, _termination.Settings.ReloadInterval);
        }
    }
}

using System.Net;
using Proxy.Kernel;
using Proxy.Policy.Health;
using Proxy.Transport;
using Proxy.Transport.Dials;
using Proxy.Transport.Tls;

namespace Proxy.Actors;

/// <summary>TLS with a server that is asked.</summary>
internal sealed record CheckTls(ITlsRole Role, TlsSettings Settings);

/// <summary>
/// Asks one server again and again whether it is well, and tells its parent every answer (<see cref="Checked"/>), with the verdict whenever
/// the answers add up to another one. Where the server's connections are TLS, so are its checks. States: waiting → dialling → talking → waiting.
/// </summary>
internal sealed class HealthCheckActor : ReceiveActor
{
    private readonly CheckTls? _tls;
    private readonly IPEndPoint _server;
    private readonly HealthCheckSettings _settings;
    private readonly CheckSchedule _schedule;
    private readonly SourceAddresses _sources;
    private Dial? _dial;
    private IChannel? _channel;

    /// <param name="isHeldDown">Whether earlier checks have found it down, so that these have to find it up.</param>
    /// <param name="sources">Where its questions go out from; null: the system chooses.</param>
    public HealthCheckActor(IPEndPoint server, HealthCheckSettings settings, CheckTls? tls = null, bool isHeldDown = false, SourceAddresses? sources = null)
    {
        _sources = sources ?? SourceAddresses.Any;
        _tls = tls;
        _server = server;
        _settings = settings;
        _schedule = new CheckSchedule(settings.Times, Context.System.CreateRandom(), Loop.NowMicroseconds, isHeldDown ? CheckVerdict.Down : CheckVerdict.Unknown);
        Waiting();
    }

    /// <summary>A check is over.</summary>
    /// <param name="Verdict">Whether the server is up, where that is another verdict than before; null: it stays as it was.</param>
    /// <param name="Text">What was found.</param>
    /// <param name="Passed">Checks that passed so far.</param>
    /// <param name="Failed">Checks that failed so far.</param>
    internal sealed record Checked(bool? Verdict, string Text, long Passed, long Failed);

    private enum Timer
    {
        Deadline,
    }

    private sealed record Answered(CheckStep Step);

    private IIoLoop Loop => ((LoopDispatcher)Context.Dispatcher).Loop;

    protected override void PreStart() => SetDeadline();

    protected override void PostStop() => LetGo();

    // States

    private void Waiting()
    {
        Receive<Timer>(_ => HandleDeadline());

        // What crossed the end of its check.
        Receive<Dial.Dialed>(_ => { });
        Receive<Dial.DialFailed>(_ => { });
        Receive<Answered>(_ => { });
    }

    private void Dialling()
    {
        Receive<Timer>(_ => HandleDeadline());
        Receive<Dial.Dialed>(dialed => HandleDialed(dialed.Watch));
        Receive<Dial.DialFailed>(failed => Finish(failed.Failure.Reason.Text));
    }

    private void Talking()
    {
        Receive<Timer>(_ => HandleDeadline());
        Receive<Answered>(answered => HandleStep(answered.Step));
    }

    private void HandleDeadline()
    {
        switch (_schedule.HandleDeadline(Loop.NowMicroseconds))
        {
            case CheckAction.Begin:
                Become(Dialling);
                _dial = new Dial(Self, Loop, [_server], _settings.Times.Timeout, sources: _sources);
                SetDeadline();
                break;
            case CheckAction.TimeOut:
                Finish($"no answer within {_settings.Times.Timeout.TotalSeconds:0.###} s");
                break;
            default:
                SetDeadline();
                break;
        }
    }

    private void HandleDialed(Dial.FailureWatch watch)
    {
        if (watch.Fault is { } fault)
        {
            Finish(fault.Text);
            return;
        }

        var talk = new Talk(_settings.Kind.CreateDialogue(), Self);
        _channel = _dial!.Take();
        Become(Talking);
        if (_tls is { } tls)
        {
            var channel = new TlsChannel(Loop, _channel, tls.Role, tls.Settings, talk);
            _channel = channel;
            channel.Start();
        }
        else
        {
            _channel.Handler = talk;
            talk.Begin(_channel);
        }
    }

    private void HandleStep(CheckStep step) => Finish(step is CheckStep.Failed failed ? failed.Reason : null);

    /// <summary>Ends a check; <paramref name="fault"/> is null when it passed.</summary>
    private void Finish(string? fault)
    {
        if (fault is null)
        {
            // In good order, so that the server's log has no reset every two seconds.
            _channel?.Close();
            _channel = null;
        }

        LetGo();
        Become(Waiting);
        var hasChanged = _schedule.HandleResult(fault is null, Loop.NowMicroseconds);
        Context.Parent.Tell(new Checked(hasChanged ? fault is null : null, fault ?? "its checks pass", _schedule.TotalPassed, _schedule.TotalFailed));
        SetDeadline();
    }

    private void LetGo()
    {
        _dial?.Abandon();
        _channel?.Abort();
        (_dial, _channel) = (null, null);
    }

    private void SetDeadline() => Context.Timers.StartSingleTimer(
        Timer.Deadline,
        Timer.Deadline,
        TimeSpan.FromMicroseconds(Math.Max(_schedule.NextDeadlineMicroseconds - Loop.NowMicroseconds, ShortestWaitMicroseconds)));

    // A timer may come a little before the loop's clock shows its moment; then it is set once more and not in a circle.
    private const long ShortestWaitMicroseconds = 1000;

    /// <summary>The dialogue on its channel; tells the actor the last step, once.</summary>
    private sealed class Talk(ICheckDialogue dialogue, IActorRef owner) : IChannelHandler
    {
        private bool _hasBegun;
        private bool _isOver;

        public void Begin(IChannel channel)
        {
            _hasBegun = true;
            Take(channel, dialogue.Begin());
            channel.ResumeReceive();
        }

        /// <summary>Only with TLS: else that was the dial's.</summary>
        public void OnConnected(IChannel channel) => Begin(channel);

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
            if (!_isOver)
            {
                Take(channel, dialogue.HandleReceived(bytes));
            }
        }

        public void OnEndOfStream(IChannel channel) => End(channel);

        public void OnSendDrained(IChannel channel)
        {
            // A request is short.
        }

        public void OnFailed(IChannel channel, TransportFault fault)
        {
            if (_hasBegun)
            {
                End(channel);
            }
            else
            {
                Take(channel, new CheckStep.Failed(fault.Text));
            }
        }

        private void End(IChannel channel)
        {
            if (!_isOver)
            {
                Take(channel, dialogue.HandleEnd());
            }
        }

        private void Take(IChannel channel, CheckStep step)
        {
            if (step is not CheckStep.Continue more)
            {
                _isOver = true;
                channel.PauseReceive();
                owner.Tell(new Answered(step), ActorRefs.NoSender);
            }
            else if (!more.ToSend.IsEmpty)
            {
                channel.Send(more.ToSend.Span);
            }
        }
    }
}

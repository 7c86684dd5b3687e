using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Chains;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// A set of chains: tells each connection which one to take, hears how they do, and measures them now and then, each by a short stream that only
/// comes back. States: serving → retired → stopped.
/// </summary>
internal sealed class ChainSetActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly ChainSetSettings _settings;
    private readonly IReadOnlyList<ChainWay> _ways;
    private readonly ChainChooser _chooser;
    private readonly HashSet<int> _measured = [];
    private readonly ILoggingAdapter _log;

    /// <param name="ways">One for each chain of the settings.</param>
    public ChainSetActor(NodeEnvironment environment, ChainSetSettings settings, IReadOnlyList<ChainWay> ways)
    {
        _environment = environment;
        _settings = settings;
        _ways = ways;
        _log = Context.GetLogger();
        _chooser = new ChainChooser([.. settings.Chains.Select(chain => chain.Weight)], settings.Choice, Loop.NowMicroseconds);
        Serving();
    }

    /// <summary>Wants a chain; answered by <see cref="Chosen"/> at once.</summary>
    internal sealed record Choose
    {
        public static readonly Choose Instance = new();
    }

    /// <param name="Index">To speak of it by.</param>
    /// <param name="Alternatives">How many chains there are, this one too.</param>
    internal sealed record Chosen(int Index, ChainWay Way, int Alternatives);

    /// <summary>A connection came through it.</summary>
    internal sealed record Works(int Index);

    /// <summary>A connection failed in it.</summary>
    internal sealed record Failed(int Index, string Text);

    /// <summary>The settings have another set in its place, or none. Who was sent here before is still served, by the successor if there is one.</summary>
    internal sealed record Retire(IActorRef? Successor);

    private enum Timer
    {
        Measure,
        Leave,
    }

    private IIoLoop Loop => ((LoopDispatcher)Context.Dispatcher).Loop;

    /// <summary>A measurement is one of many.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart() => AwaitMeasuring();

    // States

    private void Serving()
    {
        Receive<Choose>(_ => Sender.Tell(new Chosen(_chooser.Current, _ways[_chooser.Current], _ways.Count)));
        Receive<Works>(works => _ = Note(_chooser.HandleWorks(works.Index, Loop.NowMicroseconds), "it works"));
        Receive<Failed>(failed => HandleFailed(failed.Index, failed.Text));
        Receive<ChainProbeActor.Measured>(measured =>
            _ = Note(_chooser.HandleMeasured(measured.Index, measured.RoundTripMicroseconds, measured.Loss, Loop.NowMicroseconds), "it is better"));
        Receive<ChainProbeActor.Done>(done => _measured.Remove(done.Index));
        Receive<Timer>(_ => Measure());
        Receive<GetStatus>(_ => Sender.Tell(new ComponentStatus { Chains = [Status()] }));
        Receive<Retire>(retire =>
        {
            Context.Timers.Cancel(Timer.Measure);
            Context.Timers.StartSingleTimer(Timer.Leave, Timer.Leave, LongestWay);
            Become(() => Retired(retire.Successor));
        });
    }

    private void Retired(IActorRef? successor)
    {
        Receive<Choose>(choose =>
        {
            if (successor is not null)
            {
                successor.Forward(choose);
            }
            else
            {
                Sender.Tell(new Chosen(_chooser.Current, _ways[_chooser.Current], _ways.Count));
            }
        });

        // Of chains whose numbers mean others at the successor, or nothing.
        Receive<Works>(_ => { });
        Receive<Failed>(_ => { });
        Receive<ChainProbeActor.Measured>(_ => { });
        Receive<ChainProbeActor.Done>(_ => { });
        Receive<GetStatus>(_ => Sender.Tell(new ComponentStatus()));
        Receive<Retire>(_ => { });
        Receive<Timer>(timer => timer == Timer.Leave, _ => Context.Stop(Self));
        Receive<Timer>(_ => { });
    }

    private void Measure()
    {
        foreach (var index in _chooser.TakeDue(Loop.NowMicroseconds))
        {
            if (_measured.Add(index))
            {
                var way = _ways[index];
                Context.ActorOf(Props.Create(() => new ChainProbeActor(_environment, way, index)));
            }
        }

        AwaitMeasuring();
    }

    // One alone has nothing to be compared with.
    private void AwaitMeasuring()
    {
        if (_ways.Count > 1)
        {
            var wait = Math.Max(0, _chooser.NextDueMicroseconds - Loop.NowMicroseconds);
            Context.Timers.StartSingleTimer(Timer.Measure, Timer.Measure, TimeSpan.FromMilliseconds((wait / 1000) + 1));
        }
    }

    private void HandleFailed(int index, string text)
    {
        var hasFailedBefore = _chooser.StateOf(index).HasFailed;
        if (!Note(_chooser.HandleFailed(index, Loop.NowMicroseconds), $"{NameOf(index)} failed: {text}") && !hasFailedBefore)
        {
            _log.Info($"chains {_settings.Name}: {NameOf(index)} failed: {text}");
        }

        AwaitMeasuring();
    }

    private bool Note(bool hasChanged, string why)
    {
        if (hasChanged)
        {
            _log.Info($"chains {_settings.Name}: taking {NameOf(_chooser.Current)} from now on: {why}");
        }

        return hasChanged;
    }

    private string NameOf(int index) => _settings.Chains[index].Name;

    private ChainSetStatus Status() => new(
        _settings.Name,
        NameOf(_chooser.Current),
        [.. _settings.Chains.Select((chain, index) => StatusOf(chain, _chooser.StateOf(index)))]);

    private static MeasuredChainStatus StatusOf(ChainSettings chain, ChainState state) => new(
        chain.Name,
        ChainWay.TextOf(chain),
        state.HasFailed ? "failed" : "up",
        chain.Weight,
        state.RoundTripMicroseconds is { } time ? Math.Round(time / 1000.0, 3) : null,
        Math.Round(state.Loss, 4));

    // By then nobody who was sent here is still looking for his way.
    private static readonly TimeSpan LongestWay = TimeSpan.FromMinutes(2);
}

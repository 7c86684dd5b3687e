using Step = Proxy.Tunnel.Native.BandwidthStep;

namespace Proxy.Tunnel.Native;

/// <summary>
/// Sends as fast as the path delivers, and keeps its queue short: BBR's model (bandwidth as a maximum over ten rounds, round trip as a minimum
/// over ten seconds) with the phases of its second version. While a queue stands it sends less than the path delivers, the faster of those who
/// share the path sooner than the slower, so that they come to the same rate, and others find room. It takes losses for what they are: a share
/// that stays the same whatever the rate is the path's own and is made up for by sending as much more; what a queue adds to it means that the
/// queue is shorter than thought; more than a fifth in a round that the bandwidth was overestimated.
/// </summary>
internal sealed class BandwidthController : ICongestionController
{
    private const int InitialWindowDatagrams = 32;
    private const int LeastWindowDatagrams = 4;
    private const double StartUpGain = 2.77;
    private const double UpGain = 1.25;
    private const double DownGain = 0.9;
    private const double QueueGain = 0.86;
    private const double StillGrowing = 1.15;
    private const double WindowGain = 2;
    private const double OverfullPipe = 1.5;
    private const double TooMuchLoss = 0.2;
    private const double ProbeRoundTripShare = 0.5;
    private const long MostDrainMicroseconds = 200_000;
    private const long LeastQueueMicroseconds = 1_000;
    private const double SpreadAllowance = 2;

    // Batches are a millisecond apart: on a path of microseconds a round trip is too short to see what they do.
    private const long LeastRoundMicroseconds = 3_000;
    private const long LeastStepMicroseconds = 5_000;

    // As often whatever the round trip is, or short ones would take from long ones.
    private const int CruiseRounds = 2;
    private const int CruiseRoundsSpread = 2;
    private const int CruiseMicroseconds = 500_000;
    private const int CruiseMicrosecondsSpread = 500_000;

    private readonly Random _random;
    private readonly int _datagramBytes;
    private readonly LeastRoundTrip _leastRoundTrip;
    private readonly ProbedBandwidth _bandwidth = new();
    private readonly StandingQueue _queue = new();
    private readonly LossMeter _loss = new();
    private readonly FullPipe _fullPipe = new();
    private Step _step;
    private long _nextRoundDeliveredBytes;
    private long _roundSinceMicroseconds;
    private long _stepSinceMicroseconds;
    private int _roundsInStep;
    private int _cruiseRounds;
    private int _cruiseMicroseconds;
    private double _upFromBandwidth;           // as the present step began
    private long _bytesInFlight;
    private long _mostInFlight;                // in this round
    private long _mostRoundTripMicroseconds;   // in this round
    private double _roundBandwidth;            // the largest of this round

    /// <summary>A controller that knows nothing but a guess of the round trip.</summary>
    public BandwidthController(int datagramBytes, long roundTripMicroseconds, Random random)
    {
        _datagramBytes = datagramBytes;
        _leastRoundTrip = new LeastRoundTrip(roundTripMicroseconds);
        _random = random;
    }

    public string Phase => _step.InWords();

    public double BandwidthBytesPerSecond => _bandwidth.Value;

    public long WindowBytes
    {
        get
        {
            if (_bandwidth.Value <= 0)
            {
                return InitialWindowDatagrams * _datagramBytes;
            }

            var pipe = PipeBytes;
            var window = _step switch
            {
                Step.StartUp or Step.Drain => (StartUpGain * pipe) + BurstBytes,
                Step.ProbeRoundTrip => ProbeRoundTripShare * pipe,
                _ => (WindowGain * pipe) + BurstBytes,
            };
            var least = _step == Step.StartUp ? InitialWindowDatagrams : LeastWindowDatagrams;
            return Math.Max((long)window, least * _datagramBytes);
        }
    }

    public double PacingBytesPerSecond
    {
        get
        {
            var gain = _step switch
            {
                Step.StartUp => StartUpGain,
                Step.Drain => 1 / StartUpGain,
                Step.Up => UpGain,
                Step.Down or Step.Cruise when IsQueueTooLong => QueueGain,
                Step.Down => DownGain,
                _ => 1,
            };

            // Who has only little to send measures only little; that must not slow down what comes next.
            var leastDatagrams = _step == Step.StartUp ? StartUpGain * InitialWindowDatagrams : LeastWindowDatagrams;
            var least = leastDatagrams * _datagramBytes * 1_000_000.0 / RoundTripMicroseconds;
            return Math.Max(least, gain * SendBytesPerSecond);
        }
    }

    /// <summary>What has to be sent for the bandwidth to arrive.</summary>
    private double SendBytesPerSecond => _bandwidth.Value / (1 - Math.Min(_loss.Steady, TooMuchLoss));

    /// <summary>What is under way while the path is full and its queue empty.</summary>
    private double PipeBytes => SendBytesPerSecond * RoundTripMicroseconds / 1_000_000;

    private long RoundTripMicroseconds => _leastRoundTrip.Microseconds;

    /// <summary>Acknowledgements come in bunches and datagrams leave in batches; both must fit on top.</summary>
    private double BurstBytes => Math.Clamp(_bandwidth.Value * 0.003, 4 * _datagramBytes, 3 * 64 * 1024)
        + (_bandwidth.Value * Math.Min(SpreadAllowance * _queue.SpreadMicroseconds, RoundTripMicroseconds) / 1_000_000);

    private bool IsQueueTooLong => _queue.IsTooLong(RoundTripMicroseconds, _bandwidth.Value);

    public void Handle(in PathReport report)
    {
        _bytesInFlight = report.BytesInFlight;
        _mostInFlight = Math.Max(_mostInFlight, report.BytesInFlight + report.AcknowledgedBytes + report.LostBytes);
        _loss.Add(report.AcknowledgedBytes, report.LostBytes);
        var now = report.NowMicroseconds;
        HandleRoundTrip(report);
        if (!report.Rate.HasAny)
        {
            return;
        }

        var isNewRound = report.Rate.PriorDeliveredBytes >= _nextRoundDeliveredBytes && now - _roundSinceMicroseconds >= LeastRoundMicroseconds;
        if (isNewRound)
        {
            _roundSinceMicroseconds = now;
            _nextRoundDeliveredBytes = report.DeliveredBytes;
            _roundsInStep++;
        }

        var rate = report.Rate.BytesPerSecond;
        if (rate > 0 && (!report.Rate.IsApplicationLimited || rate >= _bandwidth.Value))
        {
            _bandwidth.Add(rate, _step is Step.Up or Step.Down, RoundTripMicroseconds, now);
            _roundBandwidth = Math.Max(_roundBandwidth, rate);
        }

        if (isNewRound)
        {
            EndRound(report.Rate.IsApplicationLimited, now);
        }

        // Who sends less than the path carries has no queue there that would have to be drained for a measurement.
        Proceed(_leastRoundTrip.IsOld && !report.Rate.IsApplicationLimited, now);
    }

    public void Restart(long nowMicroseconds)
    {
        _leastRoundTrip.Restart();
        _bandwidth.Clear();
        _queue.Clear();
        _loss.Clear();
        _fullPipe.Clear();
        Enter(Step.StartUp, nowMicroseconds);
    }

    private void HandleRoundTrip(in PathReport report)
    {
        var sample = report.RoundTripMicroseconds;
        _leastRoundTrip.Add(sample, isQueueOurs: !report.Rate.IsApplicationLimited, report.NowMicroseconds);
        if (sample > 0)
        {
            _queue.Add(sample, report.NowMicroseconds);
            _mostRoundTripMicroseconds = Math.Max(_mostRoundTripMicroseconds, sample);
        }
    }

    private void EndRound(bool isApplicationLimited, long nowMicroseconds)
    {
        var isMeasured = _loss.EndRound();
        var isLossy = isMeasured && _loss.Latest > TooMuchLoss && _loss.Latest > _loss.Steady * UpGain;
        if (isMeasured && _loss.IsExcessive && _step != Step.StartUp
            && _mostRoundTripMicroseconds - RoundTripMicroseconds > LeastQueueMicroseconds)
        {
            _queue.HandleOverflow();
        }

        if (_step == Step.StartUp)
        {
            CheckFullPipe(isApplicationLimited, isLossy, nowMicroseconds);
        }
        else if (isLossy && _roundBandwidth > 0)
        {
            _bandwidth.Cap(_roundBandwidth);
            if (_step == Step.Up)
            {
                Enter(Step.Down, nowMicroseconds);
            }
        }

        _roundBandwidth = 0;
        _mostInFlight = 0;
        _mostRoundTripMicroseconds = 0;
    }

    private void CheckFullPipe(bool isApplicationLimited, bool isLossy, long nowMicroseconds)
    {
        // With more under way than fills the pipe, the path is the limit, even if there was nothing to send for a moment.
        if (isApplicationLimited && _mostInFlight < OverfullPipe * PipeBytes)
        {
            return;
        }

        if (_fullPipe.IsFull(_bandwidth.Value, _leastRoundTrip.IsQueueing, isLossy))
        {
            Enter(Step.Drain, nowMicroseconds);
        }
    }

    private void Proceed(bool isRoundTripOld, long nowMicroseconds)
    {
        var inStep = nowMicroseconds - _stepSinceMicroseconds;
        var hasTakenEffect = inStep > Math.Max(RoundTripMicroseconds, LeastStepMicroseconds);
        switch (_step)
        {
            case Step.Drain when _bytesInFlight <= PipeBytes:
                Enter(Step.Cruise, nowMicroseconds);
                break;
            case Step.Down when hasTakenEffect && (_bytesInFlight <= PipeBytes || _roundsInStep > 4):
                _bandwidth.EndProbe();
                Enter(Step.Cruise, nowMicroseconds);
                break;
            case Step.Cruise when _roundsInStep >= _cruiseRounds && inStep > _cruiseMicroseconds:
                _queue.HandleProbe();
                Enter(Step.Up, nowMicroseconds);
                break;
            case Step.Up when hasTakenEffect && (_bytesInFlight >= UpGain * PipeBytes || _roundsInStep > 2):
                Enter(AfterUp(), nowMicroseconds);
                break;
            case Step.ProbeRoundTrip when _leastRoundTrip.TryEndProbe(HasLeft(inStep), nowMicroseconds):
                Enter(Step.Cruise, nowMicroseconds);
                break;
        }

        if (isRoundTripOld && _step is not (Step.StartUp or Step.ProbeRoundTrip))
        {
            _leastRoundTrip.BeginProbe();
            Enter(Step.ProbeRoundTrip, nowMicroseconds);
        }
    }

    /// <summary>Whether only what the window allows is under way, or should be.</summary>
    private bool HasLeft(long inStepMicroseconds) => _bytesInFlight <= WindowBytes
        || inStepMicroseconds > MostDrainMicroseconds + (3 * _leastRoundTrip.LatestMicroseconds);

    /// <summary>
    /// As long as more brings more, the pipe is not full, and where nothing queues either it is far from full: the path has become wider, or the
    /// start-up was cut short by a machine that had no time. Then as in a start-up.
    /// </summary>
    private Step AfterUp()
    {
        if (_bandwidth.Value < _upFromBandwidth * StillGrowing)
        {
            return Step.Down;
        }

        if (_leastRoundTrip.IsQueueing)
        {
            return Step.Up;
        }

        _fullPipe.Clear();
        _bandwidth.ForgetProbes();
        return Step.StartUp;
    }

    private void Enter(Step step, long nowMicroseconds)
    {
        _step = step;
        _upFromBandwidth = _bandwidth.Value;
        _stepSinceMicroseconds = nowMicroseconds;
        _roundsInStep = 0;
        _cruiseRounds = CruiseRounds + _random.Next(CruiseRoundsSpread);
        _cruiseMicroseconds = CruiseMicroseconds + _random.Next(CruiseMicrosecondsSpread);
    }
}

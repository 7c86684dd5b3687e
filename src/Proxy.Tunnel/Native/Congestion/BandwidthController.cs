namespace Proxy.Tunnel.Native;

/// <summary>
/// Sends as fast as the path delivers, and keeps its queue short: BBR's model (bandwidth as a maximum over ten rounds, round trip as a minimum
/// over ten seconds) with the phases of its second version. It takes losses for what they are: a share that stays the same whatever the rate is
/// the path's own and is made up for by sending as much more; more than a fifth in a round means that the bandwidth was overestimated.
/// </summary>
internal sealed class BandwidthController : ICongestionController
{
    private const int InitialWindowDatagrams = 32;
    private const int LeastWindowDatagrams = 4;
    private const int BandwidthRounds = 10;
    private const double StartUpGain = 2.77;
    private const double UpGain = 1.25;
    private const double DownGain = 0.9;
    private const double StillGrowing = 1.15;
    private const double WindowGain = 2;
    private const double FullPipeGrowth = 1.25;
    private const int FullPipeRounds = 3;
    private const double OverfullPipe = 1.5;
    private const double QueueingRoundTrip = 1.25;
    private const double TooMuchLoss = 0.2;
    private const long RoundTripWindowMicroseconds = 10_000_000;
    private const long ProbeRoundTripMicroseconds = 200_000;
    private const double ProbeRoundTripShare = 0.5;

    // Batches are a millisecond apart: on a path of microseconds a round trip is too short to see what they do.
    private const long LeastRoundMicroseconds = 3_000;
    private const long LeastStepMicroseconds = 5_000;
    private const int CruiseRounds = 5;
    private const int CruiseRoundsSpread = 4;
    private const long MostCruiseMicroseconds = 3_000_000;

    private readonly Random _random;
    private readonly int _datagramBytes;
    private readonly RoundMaximum _bandwidth = new(BandwidthRounds);
    private readonly LossMeter _loss = new();
    private Step _step;
    private long _initialRoundTripMicroseconds;
    private long _leastRoundTripMicroseconds;   // 0: not measured
    private long _leastRoundTripAtMicroseconds;
    private long _nextRoundDeliveredBytes;
    private long _roundSinceMicroseconds;
    private long _stepSinceMicroseconds;
    private int _roundsInStep;
    private int _cruiseRounds;
    private double _fullPipeBandwidth;
    private double _upFromBandwidth;           // as the present step began
    private int _fullPipeCount;
    private long _bytesInFlight;
    private long _mostInFlight;                // in this round
    private long _roundTripMicroseconds;       // the newest

    /// <summary>A controller that knows nothing but a guess of the round trip.</summary>
    public BandwidthController(int datagramBytes, long roundTripMicroseconds, Random random)
    {
        _datagramBytes = datagramBytes;
        _initialRoundTripMicroseconds = roundTripMicroseconds;
        _random = random;
    }

    private enum Step
    {
        StartUp,
        Drain,
        Down,
        Cruise,
        Up,
        ProbeRoundTrip,
    }

    public string Phase => _step switch
    {
        Step.StartUp => "start-up",
        Step.Drain => "drain",
        Step.Down => "probe bandwidth down",
        Step.Cruise => "probe bandwidth cruise",
        Step.Up => "probe bandwidth up",
        _ => "probe round trip",
    };

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

    private long RoundTripMicroseconds => _leastRoundTripMicroseconds > 0 ? _leastRoundTripMicroseconds : _initialRoundTripMicroseconds;

    /// <summary>Acknowledgements come in bunches and datagrams leave in batches; both must fit on top.</summary>
    private double BurstBytes => Math.Clamp(_bandwidth.Value * 0.003, 4 * _datagramBytes, 3 * 64 * 1024);

    public void Handle(in PathReport report)
    {
        _bytesInFlight = report.BytesInFlight;
        _mostInFlight = Math.Max(_mostInFlight, report.BytesInFlight + report.AcknowledgedBytes + report.LostBytes);
        _loss.Add(report.AcknowledgedBytes, report.LostBytes);
        var now = report.NowMicroseconds;
        var isRoundTripOld = MeasureRoundTrip(report);
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
            _bandwidth.Add(rate);
        }

        if (isNewRound)
        {
            EndRound(report.Rate.IsApplicationLimited, now);
        }

        // Who sends less than the path carries has no queue there that would have to be drained for a measurement.
        Proceed(isRoundTripOld && !report.Rate.IsApplicationLimited, now);
    }

    public void Restart(long nowMicroseconds)
    {
        _initialRoundTripMicroseconds = RoundTripMicroseconds;
        _leastRoundTripMicroseconds = 0;
        _bandwidth.Clear();
        _loss.Clear();
        _fullPipeBandwidth = 0;
        _fullPipeCount = 0;
        Enter(Step.StartUp, nowMicroseconds);
    }

    /// <summary>Whether the least round trip is so old that it has to be measured anew.</summary>
    private bool MeasureRoundTrip(in PathReport report)
    {
        var isOld = _leastRoundTripMicroseconds > 0
            && report.NowMicroseconds - _leastRoundTripAtMicroseconds > RoundTripWindowMicroseconds;
        var sample = report.RoundTripMicroseconds;
        _roundTripMicroseconds = sample > 0 ? sample : _roundTripMicroseconds;
        if (sample > 0 && (_leastRoundTripMicroseconds == 0 || sample <= _leastRoundTripMicroseconds || isOld))
        {
            _leastRoundTripMicroseconds = sample;
            _leastRoundTripAtMicroseconds = report.NowMicroseconds;
        }

        return isOld;
    }

    private void EndRound(bool isApplicationLimited, long nowMicroseconds)
    {
        var roundBandwidth = _bandwidth.Current;
        var isLossy = _loss.EndRound() && _loss.Latest > TooMuchLoss && _loss.Latest > _loss.Steady * UpGain;
        if (_step == Step.StartUp)
        {
            CheckFullPipe(isApplicationLimited, isLossy, nowMicroseconds);
        }
        else if (isLossy && roundBandwidth > 0)
        {
            _bandwidth.Cap(roundBandwidth);
            if (_step == Step.Up)
            {
                Enter(Step.Down, nowMicroseconds);
            }
        }

        _bandwidth.EndRound();
        _mostInFlight = 0;
    }

    private void CheckFullPipe(bool isApplicationLimited, bool isLossy, long nowMicroseconds)
    {
        // With more under way than fills the pipe, the path is the limit, even if there was nothing to send for a moment.
        if (isApplicationLimited && _mostInFlight < OverfullPipe * PipeBytes)
        {
            return;
        }

        if (_bandwidth.Value >= _fullPipeBandwidth * FullPipeGrowth)
        {
            _fullPipeBandwidth = _bandwidth.Value;
            _fullPipeCount = 0;
        }
        else
        {
            _fullPipeCount += _roundTripMicroseconds > QueueingRoundTrip * _leastRoundTripMicroseconds ? 2 : 1;
        }

        // A lossy round that still grew is a path with losses of its own.
        if (_fullPipeCount >= FullPipeRounds || (isLossy && _fullPipeCount > 0))
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
                Enter(Step.Cruise, nowMicroseconds);
                break;
            case Step.Cruise when _roundsInStep >= _cruiseRounds || inStep > MostCruiseMicroseconds:
                Enter(Step.Up, nowMicroseconds);
                break;
            case Step.Up when hasTakenEffect && (_bytesInFlight >= UpGain * PipeBytes || _roundsInStep > 2):
                Enter(AfterUp(), nowMicroseconds);
                break;
            case Step.ProbeRoundTrip when inStep > Math.Max(ProbeRoundTripMicroseconds, RoundTripMicroseconds) && _roundsInStep > 0:
                _leastRoundTripAtMicroseconds = nowMicroseconds;
                Enter(Step.Cruise, nowMicroseconds);
                break;
        }

        if (isRoundTripOld && _step is not (Step.StartUp or Step.ProbeRoundTrip))
        {
            Enter(Step.ProbeRoundTrip, nowMicroseconds);
        }
    }

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

        if (_roundTripMicroseconds > QueueingRoundTrip * RoundTripMicroseconds)
        {
            return Step.Up;
        }

        _fullPipeBandwidth = 0;
        _fullPipeCount = 0;
        return Step.StartUp;
    }

    private void Enter(Step step, long nowMicroseconds)
    {
        _step = step;
        _upFromBandwidth = _bandwidth.Value;
        _stepSinceMicroseconds = nowMicroseconds;
        _roundsInStep = 0;
        _cruiseRounds = CruiseRounds + _random.Next(CruiseRoundsSpread);
    }
}

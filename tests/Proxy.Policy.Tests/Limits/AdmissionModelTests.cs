using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Limits;

/// <summary>Random comings and goings on two listeners of one node against lists that are counted afresh each time.</summary>
public sealed class AdmissionModelTests
{
    [Fact]
    public void No_limit_is_ever_passed_every_connection_has_one_end_and_all_counters_return_to_zero() => Property.Check(150, random =>
    {
        var total = new ConnectionBudget(random.Next(5, 30));
        var listeners = new[] { new Model(random, total), new Model(random, total) };
        long now = 0;
        for (var step = 0; step < 600; step++)
        {
            now += random.Next(3) == 0 ? random.Next(200_000) : 0;
            var model = listeners[random.Next(2)];
            switch (random.Next(10))
            {
                case < 5:
                    model.Come(random, now);
                    break;
                case < 8:
                    model.LeaveOne(random);
                    break;
                case 8:
                    model.IdentifyOne(random);
                    break;
                default:
                    model.ChangeSettings(random, now);
                    break;
            }

            model.DrainQueue(now);
            Array.ForEach(listeners, listener => listener.Check());
            Assert.Equal(listeners.Sum(listener => listener.Inside.Count), total.Active);
        }

        Array.ForEach(listeners, listener => listener.LeaveAll());
        Assert.Equal(0, total.Active);
    });

    private sealed class Model
    {
        private readonly Admission _admission;
        private readonly List<(AdmissionLease Lease, NetworkAddress? Source)> _queued = [];
        private readonly Dictionary<RefusalReason, long> _refused = [];
        private readonly ConnectionBudget _total;
        private AdmissionSettings _settings;
        private long _admitted;

        public Model(Random random, ConnectionBudget total)
        {
            _settings = RandomSettings(random);
            _total = total;
            _admission = new Admission(_settings, total, 0);
        }

        public List<(AdmissionLease Lease, NetworkAddress? Source)> Inside { get; } = [];

        public void Come(Random random, long now)
        {
            NetworkAddress? source = random.Next(6) == 0 ? null : RandomSource(random);
            var sourceRefusal = ExpectedSourceRefusal(source);
            var isFull = Inside.Count >= _settings.MaximumConnections || _total.Active >= _total.Maximum;
            var queuedBefore = _queued.Count;
            var result = _admission.TryAdmit(source, now);
            switch (result.Outcome)
            {
                case AdmissionOutcome.Admitted:
                    Assert.True(sourceRefusal is null && !isFull && queuedBefore == 0);
                    Inside.Add((result.Lease!, source));
                    _admitted++;
                    break;
                case AdmissionOutcome.Queued:
                    Assert.True(sourceRefusal is null && queuedBefore < _settings.MaximumQueued);
                    _queued.Add((result.Lease!, source));
                    break;
                default:
                    CountRefusal(result.Reason!.Value);
                    Assert.True(sourceRefusal == result.Reason || (sourceRefusal is null && IsPlausible(result.Reason.Value)), $"{result.Reason}");
                    break;
            }

            bool IsPlausible(RefusalReason reason) => reason switch
            {
                RefusalReason.ListenerConnections => Inside.Count >= _settings.MaximumConnections,
                RefusalReason.TotalConnections => _total.Active >= _total.Maximum,
                RefusalReason.AcceptRate => _settings.AcceptsPerSecond > 0 && _settings.MaximumQueued == 0,
                RefusalReason.QueueFull => queuedBefore >= _settings.MaximumQueued && (queuedBefore > 0 || _settings.MaximumQueued > 0),
                _ => false,
            };
        }

        public void LeaveOne(Random random)
        {
            var from = random.Next(4) == 0 ? _queued : Inside;
            if (from.Count == 0)
            {
                return;
            }

            var index = random.Next(from.Count);
            _admission.Release(from[index].Lease);
            if (random.Next(4) == 0)
            {
                _admission.Release(from[index].Lease);
            }

            from.RemoveAt(index);
        }

        public void IdentifyOne(Random random)
        {
            if (Inside.Count == 0)
            {
                return;
            }

            var index = random.Next(Inside.Count);
            var (lease, before) = Inside[index];
            var source = RandomSource(random);
            Inside[index] = (lease, null);
            var expected = ExpectedSourceRefusal(source);
            var isTaken = _admission.TryIdentify(lease, source, out var reason);
            Assert.Equal(expected is null, isTaken);
            Inside[index] = (lease, isTaken ? source : before);
            if (!isTaken)
            {
                Assert.Equal(expected, reason);
                CountRefusal(reason);
            }
        }

        public void ChangeSettings(Random random, long now)
        {
            _settings = RandomSettings(random);
            _admission.Apply(_settings, now);
        }

        public void DrainQueue(long now)
        {
            while (_admission.TryTakeFromQueue(now, out var lease, out var result))
            {
                Assert.Same(_queued[0].Lease, lease);
                if (result.Outcome == AdmissionOutcome.Admitted)
                {
                    Inside.Add(_queued[0]);
                    _admitted++;
                    Assert.True(Inside.Count <= _settings.MaximumConnections);
                }
                else
                {
                    Assert.Equal(RefusalReason.QueueDeadline, result.Reason);
                    CountRefusal(RefusalReason.QueueDeadline);
                }

                _queued.RemoveAt(0);
            }

            Assert.Equal(_queued.Count > 0, _admission.MicrosecondsUntilQueueMoves(now) is not null);
        }

        public void Check()
        {
            Assert.Equal((Inside.Count, _queued.Count, _admitted), (_admission.ActiveCount, _admission.QueuedCount, _admission.AdmittedTotal));
            foreach (var reason in RefusalReasons.All)
            {
                Assert.Equal(_refused.GetValueOrDefault(reason), _admission.RefusedTotal(reason));
            }

            var sources = Sources().ToList();
            var addresses = _settings.MaximumConnectionsPerSource < int.MaxValue ? sources.Distinct().Count() : 0;
            var prefixes = _settings.MaximumConnectionsPerPrefix < int.MaxValue ? sources.Select(Prefix).Distinct().Count() : 0;
            Assert.Equal(addresses + prefixes, _admission.TrackedSources);
        }

        public void LeaveAll()
        {
            foreach (var (lease, _) in _queued)
            {
                Assert.True(_admission.TryDropFromQueue(RefusalReason.Draining, out var dropped));
                Assert.Same(lease, dropped);
            }

            Assert.False(_admission.TryDropFromQueue(RefusalReason.Draining, out _));
            Assert.Equal(_queued.Count, _admission.RefusedTotal(RefusalReason.Draining));
            foreach (var (lease, _) in Inside.Concat(_queued))
            {
                _admission.Release(lease);
            }

            Assert.Equal((0, 0, 0), (_admission.ActiveCount, _admission.QueuedCount, _admission.TrackedSources));
        }

        private static NetworkAddress RandomSource(Random random) =>
            new(NetworkAddress.MappedBase | (uint)((10 << 24) + (random.Next(3) << 8) + random.Next(4)));

        private static AdmissionSettings RandomSettings(Random random) => new()
        {
            MaximumConnections = random.Next(3) == 0 ? int.MaxValue : random.Next(1, 20),
            MaximumConnectionsPerSource = random.Next(2) == 0 ? int.MaxValue : random.Next(1, 5),
            MaximumConnectionsPerPrefix = random.Next(2) == 0 ? int.MaxValue : random.Next(1, 9),
            IPv4PrefixLength = random.Next(22, 33),
            AcceptsPerSecond = random.Next(2) == 0 ? 0 : random.Next(1, 50),
            MaximumQueued = random.Next(2) == 0 ? 0 : random.Next(1, 6),
            QueueDeadlineMicroseconds = random.Next(1_000_000),
        };

        private RefusalReason? ExpectedSourceRefusal(NetworkAddress? source)
        {
            if (source is not { } address)
            {
                return null;
            }

            if (Sources().Count(other => other == address) >= _settings.MaximumConnectionsPerSource)
            {
                return RefusalReason.SourceConnections;
            }

            return Sources().Count(other => Prefix(other) == Prefix(address)) >= _settings.MaximumConnectionsPerPrefix
                ? RefusalReason.PrefixConnections
                : null;
        }

        private UInt128 Prefix(NetworkAddress address) => address.Value >> (32 - _settings.IPv4PrefixLength);

        private IEnumerable<NetworkAddress> Sources() =>
            Inside.Concat(_queued).Where(entry => entry.Source is not null).Select(entry => entry.Source!.Value);

        private void CountRefusal(RefusalReason reason) => _refused[reason] = _refused.GetValueOrDefault(reason) + 1;
    }
}

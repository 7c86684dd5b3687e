using System.Net;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Simulation.Tests;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>Random comings and goings at two listeners of one node, against random limits.</summary>
public sealed class ListenerPropertyTests
{
    [Fact]
    public void No_limit_is_passed_every_connection_is_counted_once_the_queue_keeps_its_order_and_nothing_is_left() => Property.Check(40, random =>
    {
        var rig = new ListenerRig(nodeMaximum: random.Next(2, 12), seed: random.Next());
        var doors = new[] { new Door(rig, random, 7000), new Door(rig, random, 7001) };
        for (var step = 0; step < 80; step++)
        {
            var door = doors[random.Next(2)];
            switch (random.Next(8))
            {
                case < 5:
                    door.Come(random);
                    break;
                case < 7:
                    door.LetOneGo(random);
                    break;
                default:
                    rig.RunFor(random.NextDouble());
                    break;
            }

            Array.ForEach(doors, each => each.Check());
            Assert.True(rig.Node.Active <= rig.Node.Maximum);
            Assert.Equal(rig.Node.Active, doors.Sum(each => each.LivingCount));
        }

        for (var round = 0; doors.Any(each => each.IsBusy); round++)
        {
            Assert.True(round < 500, "the queues do not empty");
            Array.ForEach(doors, each => each.LetAllGo());
            rig.RunFor(0.1);
        }

        Array.ForEach(doors, each => each.Check());
        Assert.All(doors, each => Assert.Equal(each.CameCount, each.ResetCount));
        Assert.Equal(0, rig.Node.Active);
        rig.EndWell();
    });

    /// <summary>One listener, who came to it, and what became of them.</summary>
    private sealed class Door
    {
        private readonly ListenerRig _rig;
        private readonly ListenerRig.Listener _listener;
        private readonly AdmissionSettings _limits;
        private readonly List<(ScriptedSocket Socket, TimeSpan At)> _came = [];
        private readonly TimeSpan _openSince;

        public Door(ListenerRig rig, Random random, int port)
        {
            _rig = rig;
            _limits = new AdmissionSettings
            {
                MaximumConnections = random.Next(3) == 0 ? int.MaxValue : random.Next(1, 8),
                MaximumConnectionsPerSource = random.Next(2) == 0 ? int.MaxValue : random.Next(1, 4),
                MaximumConnectionsPerPrefix = random.Next(2) == 0 ? int.MaxValue : random.Next(1, 6),
                AcceptsPerSecond = random.Next(2) == 0 ? 0 : random.Next(1, 30),
                AcceptBurst = random.Next(1, 4),
                MaximumQueued = random.Next(3) == 0 ? 0 : random.Next(1, 5),
                QueueDeadlineMicroseconds = random.Next(100_000, 2_000_000),
            };
            _listener = rig.Listen(new GateSettings(AccessRules.AllowAll, _limits), port);
            _openSince = rig.World.Time.Elapsed;
        }

        public int LivingCount => _listener.Living.Count();

        /// <summary>Those who have heard that they were refused, or that what was served to them has ended; the word takes a moment.</summary>
        public int ResetCount => _came.Count(entry => entry.Socket.WasReset);

        public int CameCount => _came.Count;

        public bool IsBusy => LivingCount > 0 || _rig.Status(_listener).Waiting > 0;

        public void Come(Random random)
        {
            var at = _rig.World.Time.Elapsed;
            _came.Add((_rig.Connect(_listener, random.Next(ListenerRig.Clients.Count)), at));
        }

        public void LetOneGo(Random random)
        {
            if (LivingCount > 0)
            {
                _rig.Release(_listener.Living.ElementAt(random.Next(LivingCount)));
            }
        }

        public void LetAllGo()
        {
            foreach (var held in _listener.Living.ToList())
            {
                _rig.Release(held);
            }
        }

        public void Check()
        {
            var status = _rig.Status(_listener);
            var living = _listener.Living.ToList();
            Assert.True(living.Count <= _limits.MaximumConnections);
            Assert.True(living.GroupBy(held => held.Client.Address).All(group => group.Count() <= _limits.MaximumConnectionsPerSource));
            Assert.True(living.GroupBy(held => NetworkOf(held.Client)).All(group => group.Count() <= _limits.MaximumConnectionsPerPrefix));
            Assert.True(status.Waiting <= _limits.MaximumQueued);
            Assert.Equal((living.Count, _listener.Served.Count), (status.Connections.Active, status.Connections.Total));

            // Every connection was served, or refused for exactly one reason, or waits.
            Assert.Equal(_came.Count, _listener.Served.Count + status.Refused + status.Waiting);
            Assert.Equal(status.Refused, status.Refusals.Sum(refusal => refusal.Count));
            Assert.True(ResetCount <= status.Refused + (_listener.Served.Count - living.Count));

            // First come, first served; and nobody waits beyond the deadline.
            var order = _listener.Served.Select(held => _came.FindIndex(entry => held.Client.Equals(entry.Socket.LocalEndPoint))).ToList();
            Assert.Equal(order.Order(), order);
            var now = _rig.World.Time.Elapsed;
            var deadline = TimeSpan.FromMicroseconds(_limits.QueueDeadlineMicroseconds) + TimeSpan.FromMilliseconds(10);
            Assert.All(
                _came.Where(entry => !entry.Socket.WasReset && !_listener.HasServed(entry.Socket)), entry => Assert.True(now - entry.At <= deadline));
            if (_limits.AcceptsPerSecond > 0)
            {
                Assert.True(_listener.Served.Count <= _limits.AcceptBurst + (_limits.AcceptsPerSecond * (now - _openSince).TotalSeconds));
            }
        }

        private static IPNetwork NetworkOf(IPEndPoint client) => new(new IPAddress([.. client.Address.GetAddressBytes()[..3], 0]), 24);
    }
}

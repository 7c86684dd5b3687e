using Proxy.Kernel.Event;

namespace Proxy.Kernel.Tests;

/// <summary>Random trees, random failures, random directives, random interleavings.</summary>
public sealed class SupervisionPropertyTests
{
    private static readonly Directive[] Directives = Enum.GetValues<Directive>();

    [Fact]
    public void Whatever_fails_and_stops_in_whatever_order_every_living_actor_answers_at_last_and_the_system_terminates()
    {
        Property.Check(300, random =>
        {
            using var test = new TestSystem(random.Next());
            var errors = test.Probe();
            test.System.EventStream.Subscribe<Error>(errors.Ref);
            var tree = new RandomTree(test, random);
            tree.Disturb(steps: 60);
            test.Run();

            var answers = tree.CountAnswers();

            Assert.Equal(tree.Actors.Count, answers);
            while (errors.HasMessages)
            {
                Assert.IsNotType<NullReferenceException>(errors.ExpectMsg<Error>().Cause);
            }
        });
    }

    private sealed class RandomTree
    {
        private readonly TestSystem _test;
        private readonly Random _random;
        private bool _isCalm;
        private int _answers;

        public RandomTree(TestSystem test, Random random)
        {
            _test = test;
            _random = random;
            for (var top = 0; top < 3; top++)
            {
                Actors.Add(test.ActorOf(Node(depth: 3)));
            }
        }

        public List<IActorRef> Actors { get; } = [];

        public void Disturb(int steps)
        {
            for (var step = 0; step < steps; step++)
            {
                var actor = Actors[_random.Next(Actors.Count)];
                switch (_random.Next(7))
                {
                    case 0:
                        _test.System.Stop(actor);
                        break;
                    case 1:
                        actor.Tell("watch");
                        break;
                    case 2:
                        actor.Tell(PoisonPill.Instance);
                        break;
                    default:
                        actor.Tell("fail");
                        break;
                }

                _test.Dispatcher.RunUntilIdle(_random.Next(6));
            }
        }

        /// <summary>An actor answers a last message, or has stopped and it is a dead letter; one that stays suspended does neither.</summary>
        public long CountAnswers()
        {
            _isCalm = true;
            var lettersBefore = _test.System.DeadLetterCount;
            foreach (var actor in Actors.ToArray())
            {
                actor.Tell("answer");
            }

            _test.Run();
            return _answers + _test.System.DeadLetterCount - lettersBefore;
        }

        private Props Node(int depth) => ScriptedActor.Props(new Script
        {
            Constructed = context => Construct(context, depth),
            PostRestart = (_, _) => FailSometimes(),
            KeepsChildrenAtRestart = _random.Next(3) == 0,
            Handle = Handle,
            Strategy = _random.Next(2) == 0
                ? new OneForOneStrategy(3, TimeSpan.FromSeconds(1), _ => RandomDirective())
                : new AllForOneStrategy(3, TimeSpan.FromSeconds(1), _ => RandomDirective()),
        });

        private void Construct(IActorContext context, int depth)
        {
            for (var child = _random.Next(3); child > 0 && depth > 0; child--)
            {
                Actors.Add(context.ActorOf(Node(depth - 1)));
            }

            FailSometimes();
        }

        private bool Handle(IActorContext context, object message)
        {
            switch (message)
            {
                case "fail":
                    throw new FormatException();
                case "watch":
                    context.Watch(Actors[_random.Next(Actors.Count)]);
                    break;
                case "answer":
                    _answers++;
                    break;
                case Terminated:
                    return _isCalm || _random.Next(2) == 0;
            }

            return true;
        }

        private void FailSometimes()
        {
            if (!_isCalm && _random.Next(20) == 0)
            {
                throw new FormatException();
            }
        }

        private Directive RandomDirective() => Directives[_random.Next(Directives.Length)];
    }
}

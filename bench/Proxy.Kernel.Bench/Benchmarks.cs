using System.Diagnostics;

namespace Proxy.Kernel.Bench;

/// <summary>What is measured. The aims are those of docs/performance.md: 1.2 times Akka.NET's figures on the machine they were taken on.</summary>
internal static class Benchmarks
{
    private static readonly object Message = new();

    public static IReadOnlyList<Benchmark> All { get; } =
    [
        new("tell, 1 producer", "messages/s", 24e6, true, 6e6, () => Tell(producers: 1, messagesEach: 6_000_000)),
        new("tell, 4 producers", "messages/s", 14.4e6, true, 4e6, () => Tell(producers: 4, messagesEach: 1_000_000)),
        new("ping-pong, 1 pair", "round trips/s", 5.3e6, true, 1.5e6, () => PingPong(pairs: 1, inFlight: 1, roundTrips: 1_500_000)),
        new("ping-pong, 8 pairs", "round trips/s", 11.6e6, true, 3.2e6, () => PingPong(pairs: 8, inFlight: 1, roundTrips: 400_000)),
        new("ping-pong, 1 pair, 50 in flight", "round trips/s", null, true, 2e6, () => PingPong(pairs: 1, inFlight: 50, roundTrips: 2_000_000)),
        new("ping-pong, 8 pairs, 50 in flight", "round trips/s", null, true, 4e6, () => PingPong(pairs: 8, inFlight: 50, roundTrips: 500_000)),
        new("ask, one at a time", "answers/s", 1.9e6, true, 4e5, () => Ask(inFlight: 1, questions: 400_000)),
        new("ask, 64 in flight", "answers/s", 2.6e6, true, 6e5, () => Ask(inFlight: 64, questions: 600_000)),
        new("create and start", "actors/s", 500e3, true, 2e5, Create),
        new("heap per idle actor", "bytes", 500, false, 0, HeapPerActor),
        new("become, three handlers", "transitions/s", null, true, 1e6, BecomeOften),
    ];

    private static double Tell(int producers, int messagesEach)
    {
        var system = ActorSystem.Create("tell");
        using var done = new ManualResetEventSlim();
        var actor = system.ActorOf(Props.Create(() => new Counter((long)producers * messagesEach, done)));
        using var start = new Barrier(producers + 1);
        var threads = Enumerable.Range(0, producers).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            for (var message = 0; message < messagesEach; message++)
            {
                actor.Tell(Message, null);
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());

        start.SignalAndWait();
        var clock = Stopwatch.StartNew();
        done.Wait();
        var elapsed = clock.Elapsed;
        system.Terminate().Wait();
        return producers * (double)messagesEach / elapsed.TotalSeconds;
    }

    private static double PingPong(int pairs, int inFlight, int roundTrips)
    {
        var system = ActorSystem.Create("ping-pong");
        using var done = new CountdownEvent(pairs);
        var pings = Enumerable.Range(0, pairs).Select(_ =>
        {
            var pong = system.ActorOf(Props.Create(() => new Pong()));
            return system.ActorOf(Props.Create(() => new Ping(pong, inFlight, roundTrips, done)));
        }).ToArray();

        var clock = Stopwatch.StartNew();
        foreach (var ping in pings)
        {
            ping.Tell(Ping.Start, null);
        }

        done.Wait();
        var elapsed = clock.Elapsed;
        system.Terminate().Wait();
        return (double)pairs * roundTrips / elapsed.TotalSeconds;
    }

    private static double Ask(int inFlight, int questions)
    {
        var system = ActorSystem.Create("ask");
        var actor = system.ActorOf(Props.Create(() => new Pong()));
        var clock = Stopwatch.StartNew();
        Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(async () =>
        {
            for (var question = 0; question < questions / inFlight; question++)
            {
                await actor.Ask<object>(Message);
            }
        }))).Wait();
        var elapsed = clock.Elapsed;
        system.Terminate().Wait();
        return questions / elapsed.TotalSeconds;
    }

    private static double Create()
    {
        const int Actors = 200_000;
        var system = ActorSystem.Create("create");
        using var started = new CountdownEvent(Actors);
        var props = Props.Create(() => new Starting(started));
        GC.Collect();
        var clock = Stopwatch.StartNew();
        for (var actor = 0; actor < Actors; actor++)
        {
            system.ActorOf(props);
        }

        started.Wait();
        var elapsed = clock.Elapsed;
        system.Terminate().Wait();
        return Actors / elapsed.TotalSeconds;
    }

    /// <summary>Actors that have handled one message and wait for the next.</summary>
    private static double HeapPerActor()
    {
        const int Actors = 20_000;
        var system = ActorSystem.Create("heap");
        using var handled = new CountdownEvent(Actors);
        var props = Props.Create(() => new Idle(handled));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var actor = 0; actor < Actors; actor++)
        {
            system.ActorOf(props).Tell(Message, null);
        }

        handled.Wait();
        var after = GC.GetTotalMemory(forceFullCollection: true);
        system.Terminate().Wait();
        return (after - before) / (double)Actors;
    }

    private static double BecomeOften()
    {
        const int Transitions = 1_000_000;
        var system = ActorSystem.Create("become");
        using var done = new ManualResetEventSlim();
        var actor = system.ActorOf(Props.Create(() => new Switching(Transitions, done)));
        var clock = Stopwatch.StartNew();
        actor.Tell("next", null);
        done.Wait();
        var elapsed = clock.Elapsed;
        system.Terminate().Wait();
        return Transitions / elapsed.TotalSeconds;
    }
}

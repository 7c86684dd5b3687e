using Proxy.TestKit;

namespace Proxy.Transport.Tests.Loops;

public sealed class DeadlineQueueTests
{
    [Fact]
    public void A_deadline_is_taken_at_its_moment_and_not_before()
    {
        var queue = new DeadlineQueue();
        queue.Create(() => { }).Set(100);

        Assert.Equal(100, queue.NextDueMicroseconds);
        Assert.False(queue.TryTakeDue(99, long.MaxValue, out _));
        Assert.True(queue.TryTakeDue(100, long.MaxValue, out _));
        Assert.Equal(long.MaxValue, queue.NextDueMicroseconds);
    }

    [Fact]
    public void Setting_again_moves_the_one_entry()
    {
        var queue = new DeadlineQueue();
        var deadline = queue.Create(() => { });
        for (var i = 0; i < 1000; i++)
        {
            deadline.Set(i);
        }

        Assert.Equal(1, queue.Count);
        Assert.Equal(999, queue.NextDueMicroseconds);
    }

    [Fact]
    public void What_was_set_during_a_round_waits_for_the_next()
    {
        var queue = new DeadlineQueue();
        queue.Create(() => { }).Set(5);
        var round = queue.Settings;
        queue.Create(() => { }).Set(1);

        Assert.False(queue.TryTakeDue(10, round, out _));
        Assert.True(queue.TryTakeDue(10, queue.Settings, out _));
    }

    [Fact]
    public void Any_mix_of_settings_and_cancellations_fires_as_a_sorted_list_would() => Property.Check(200, random =>
    {
        var queue = new DeadlineQueue();
        var fired = new List<int>();
        var deadlines = Enumerable.Range(0, 40).Select(i => queue.Create(() => fired.Add(i))).ToArray();
        var model = new Dictionary<int, (long Due, int Order)>();
        for (var step = 0; step < 300; step++)
        {
            var which = random.Next(deadlines.Length);
            if (random.Next(4) == 0)
            {
                deadlines[which].Cancel();
                model.Remove(which);
            }
            else
            {
                var due = random.Next(50);
                deadlines[which].Set(due);
                model[which] = (due, step);
            }
        }

        var now = random.Next(50);
        while (queue.TryTakeDue(now, long.MaxValue, out var callback))
        {
            callback();
        }

        Assert.Equal(model.Where(entry => entry.Value.Due <= now).OrderBy(entry => entry.Value).Select(entry => entry.Key), fired);
        Assert.Equal(model.Count - fired.Count, queue.Count);
    });
}

using Proxy.Protocol.Parts;
using Proxy.TestKit;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

public sealed class ReceivedNumbersTests
{
    [Fact]
    public void Numbers_become_ranges()
    {
        var numbers = new ReceivedNumbers();
        foreach (var number in new ulong[] { 0, 1, 2, 5, 4, 9 })
        {
            numbers.Add(number, 7);
        }

        Assert.Equal([new NumberRange(0, 2), new NumberRange(4, 5), new NumberRange(9, 9)], numbers.Newest(64).ToArray());
        Assert.Equal([new NumberRange(9, 9)], numbers.Newest(1).ToArray());
    }

    [Fact]
    public void Only_the_next_one_is_in_order()
    {
        var numbers = new ReceivedNumbers();
        Assert.True(numbers.Add(3, 1));
        Assert.True(numbers.Add(4, 2));
        Assert.False(numbers.Add(6, 3));
        Assert.False(numbers.Add(5, 4));
        Assert.True(numbers.Add(7, 5));
        Assert.Equal(5, numbers.LargestAtMicroseconds);
    }

    [Fact]
    public void What_was_forgotten_counts_as_received()
    {
        var numbers = new ReceivedNumbers();
        numbers.Add(3, 1);
        numbers.Add(8, 1);
        numbers.ForgetUpTo(5);
        Assert.True(numbers.Contains(4));
        Assert.False(numbers.Contains(6));
        Assert.Equal([new NumberRange(8, 8)], numbers.Newest(64).ToArray());
        numbers.ForgetUpTo(8);
        Assert.True(numbers.IsEmpty);
    }

    [Fact]
    public void The_newest_ranges_are_right_whatever_the_order()
    {
        Property.Check(300, random =>
        {
            var numbers = new ReceivedNumbers();
            var model = new SortedSet<ulong>();
            var floor = 0UL;
            for (var step = 0; step < 1500; step++)
            {
                var number = (ulong)Math.Max(0, (step / 2) + random.Next(-20, 20));
                Assert.Equal(number < floor || model.Contains(number), numbers.Contains(number));
                if (!numbers.Contains(number))
                {
                    model.Add(number);
                    numbers.Add(number, step);
                }

                if (random.Next(50) == 0 && model.Count > 0)
                {
                    floor = Math.Max(floor, model.Max - (ulong)random.Next((int)Math.Min(30, model.Max + 1)));
                    if (floor > 0)
                    {
                        numbers.ForgetUpTo(floor - 1);
                    }

                    model.RemoveWhere(known => known < floor);
                }
            }

            Assert.Equal(Ranges(model), numbers.Newest(int.MaxValue).ToArray());
        });
    }

    [Fact]
    public void A_number_from_far_away_can_still_be_told()
    {
        var numbers = new ReceivedNumbers();
        numbers.Add(1, 1);
        numbers.Add(1UL << 62, 1);
        var part = new byte[600];
        AcknowledgementPart.Write(part, numbers.Newest(64), 0);
        Assert.Equal([new NumberRange(1UL << 62, 1UL << 62)], numbers.Newest(64).ToArray());
        Assert.True(numbers.Contains(2));
    }

    [Fact]
    public void Holes_without_end_are_bounded()
    {
        var numbers = new ReceivedNumbers();
        for (var number = 0UL; number < 100_000; number += 2)
        {
            numbers.Add(number, 1);
        }

        Assert.Equal(512, numbers.Count);
        Assert.Equal(99_998UL, numbers.Largest);
        Assert.True(numbers.Contains(1));
    }

    private static NumberRange[] Ranges(SortedSet<ulong> numbers)
    {
        var ranges = new List<NumberRange>();
        foreach (var number in numbers)
        {
            if (ranges.Count > 0 && ranges[^1].Last + 1 == number)
            {
                ranges[^1] = ranges[^1] with { Last = number };
            }
            else
            {
                ranges.Add(new NumberRange(number, number));
            }
        }

        return [.. ranges];
    }
}

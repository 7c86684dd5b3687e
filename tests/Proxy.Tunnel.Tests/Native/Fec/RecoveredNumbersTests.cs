using Proxy.Protocol;
using Proxy.Protocol.Parts;
using Proxy.TestKit;
using Proxy.Tunnel.Native.Fec;

namespace Proxy.Tunnel.Tests.Native.Fec;

public sealed class RecoveredNumbersTests
{
    private readonly RecoveredNumbers _numbers = new();
    private readonly byte[] _room = new byte[400];

    [Fact]
    public void Each_is_told_three_times_in_ranges()
    {
        _numbers.Add(7);
        _numbers.Add(9);
        _numbers.Add(8);
        _numbers.Add(20);
        _numbers.Add(8);
        Assert.Equal(["20-20", "7-9"], Told(_room));
        _numbers.Add(21);
        Assert.Equal(["20-21", "7-9"], Told(_room));
        Assert.Equal(["20-21", "7-9"], Told(_room));
        Assert.Equal(["21-21"], Told(_room));
        Assert.True(_numbers.IsEmpty);
        Assert.Equal(0, _numbers.Write(_room));
    }

    [Fact]
    public void Where_there_is_little_room_the_newest_are_told()
    {
        _numbers.Add(3);
        _numbers.Add(5);
        Assert.Equal(0, _numbers.Write(_room.AsSpan(0, 17)));
        Assert.Equal(["5-5"], Told(_room.AsSpan(0, 18)));
    }

    [Fact]
    public void Whatever_numbers_come_they_stay_few_and_what_is_told_can_be_read() => Property.Check(200, random =>
    {
        var numbers = new RecoveredNumbers();
        var room = new byte[500];
        for (var step = 0; step < 200; step++)
        {
            numbers.Add((ulong)random.NextInt64(1L << random.Next(1, 62)));
            var length = numbers.Write(room.AsSpan(0, random.Next(room.Length)));
            if (length > 0)
            {
                Assert.Equal(ReadStatus.Done, new PartReader(room.AsSpan(0, length)).Read(out var part));
                Assert.InRange(RecoveredPart.Ranges(part.Payload).Count, 1, RecoveredNumbers.MostRanges);
            }
        }
    });

    private List<string> Told(Span<byte> room)
    {
        var length = _numbers.Write(room);
        Assert.Equal(ReadStatus.Done, new PartReader(room[..length]).Read(out var part));
        var told = new List<string>();
        var ranges = RecoveredPart.Ranges(part.Payload);
        while (ranges.TryRead(out var range))
        {
            told.Add($"{range.First}-{range.Last}");
        }

        return told;
    }
}

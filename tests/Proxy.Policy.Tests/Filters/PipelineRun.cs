using System.Net;
using System.Text;
using Proxy.Policy.Filters;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Filters;

/// <summary>A pipeline, what came out of it, and a clock that stands still until it is moved.</summary>
internal sealed class PipelineRun : IFilterReceiver, IDisposable
{
    private readonly MemoryStream[] _out = [new(), new()];
    private readonly int[] _ends = new int[2];
    private readonly LeakCheckingPool _pool = new();

    public PipelineRun(params IStreamFilterFactory[] factories)
    {
        Pipeline = FilterPipeline.TryCreate(factories, Connection, this, _pool)!;
        Pipeline.Start(Now);
    }

    public static FilterConnection Connection { get; } = new(7, "front", IPEndPoint.Parse("192.0.2.1:50000"), IPEndPoint.Parse("192.0.2.2:80"));

    public FilterPipeline Pipeline { get; }

    public long Now { get; private set; } = 1_000_000_000;

    public int BuffersOut => _pool.RentedNow;

    public string ToUpstream => Encoding.Latin1.GetString(_out[0].ToArray());

    public string ToClient => Encoding.Latin1.GetString(_out[1].ToArray());

    public bool HasEnded(FilterDirection direction) => _ends[(int)direction] == 1;

    public void Receive(string text, FilterDirection direction = FilterDirection.ToUpstream) => Receive(Encoding.Latin1.GetBytes(text), direction);

    public void Receive(byte[] bytes, FilterDirection direction = FilterDirection.ToUpstream) => Pipeline.HandleReceived(direction, bytes, Now);

    public void End(FilterDirection direction = FilterDirection.ToUpstream) => Pipeline.HandleEnded(direction, Now);

    public void Advance(long microseconds)
    {
        Now += microseconds;
        Pipeline.HandleTime(Now);
    }

    /// <summary>Moves the clock to each moment that is asked for until <paramref name="isEnough"/>.</summary>
    public void RunUntil(Func<bool> isEnough)
    {
        for (var turn = 0; !isEnough(); turn++)
        {
            Assert.True(turn < 100_000, "It never comes to an end.");
            Advance(Math.Max(0, Pipeline.NextDueMicroseconds!.Value - Now));
        }
    }

    public void OnFiltered(FilterDirection direction, ReadOnlySpan<byte> bytes)
    {
        Assert.Equal(0, _ends[(int)direction]);
        Assert.False(bytes.IsEmpty);
        _out[(int)direction].Write(bytes);
    }

    public void OnFinished(FilterDirection direction) => _ends[(int)direction]++;

    public void Dispose()
    {
        Pipeline.Dispose();
        _pool.AssertNothingRented();
    }
}

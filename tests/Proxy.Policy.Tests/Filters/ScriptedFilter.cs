using System.Text;
using Proxy.Policy.Filters;

namespace Proxy.Policy.Tests.Filters;

/// <summary>One step of a scripted filter.</summary>
internal delegate void FilterStep(FilterDirection direction, string input, IFilterOutput output, long nowMicroseconds);

/// <summary>A filter that does what a test says, and notes its calls. It is its own factory.</summary>
internal sealed class ScriptedFilter(FilterStep process, FilterStep? finish = null) : IStreamFilterFactory, IStreamFilter, IDisposable
{
    public string Name { get; init; } = "scripted";

    public FilterDirections Directions { get; init; } = FilterDirections.Both;

    public List<string> Calls { get; } = [];

    public int Disposals { get; private set; }

    public static FilterStep Pass { get; } = (_, input, output, _) => output.Write(Encoding.Latin1.GetBytes(input));

    public IStreamFilter Create(FilterConnection connection) => this;

    public void Process(FilterDirection direction, ReadOnlySpan<byte> input, IFilterOutput output, long nowMicroseconds) =>
        Call(process, direction, input, output, nowMicroseconds);

    public void Finish(FilterDirection direction, ReadOnlySpan<byte> rest, IFilterOutput output, long nowMicroseconds) =>
        Call(finish ?? Pass, direction, rest, output, nowMicroseconds, "end:");

    public void Dispose() => Disposals++;

    private void Call(
        FilterStep step, FilterDirection direction, ReadOnlySpan<byte> input, IFilterOutput output, long nowMicroseconds, string mark = "")
    {
        var text = Encoding.Latin1.GetString(input);
        Calls.Add($"{(direction == FilterDirection.ToUpstream ? '>' : '<')}{mark}{text}");
        step(direction, text, output, nowMicroseconds);
    }
}

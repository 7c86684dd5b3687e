using System.Text;
using Proxy.Policy.Filters;

namespace Proxy.Actors.Tests;

/// <summary>One step of a scripted filter.</summary>
internal delegate void FilterStep(FilterDirection direction, ReadOnlySpan<byte> input, IFilterOutput output, long nowMicroseconds);

/// <summary>Filters that do what a test says, one for each connection; counts how many were made and disposed.</summary>
internal sealed class ScriptedFilters(FilterStep process, FilterStep? finish = null) : IStreamFilterFactory
{
    public string Name => "scripted";

    public FilterDirections Directions { get; init; } = FilterDirections.Both;

    public Action Disposing { get; init; } = () => { };

    public List<FilterConnection> Connections { get; } = [];

    public int Disposals { get; private set; }

    public static FilterStep Pass { get; } = (_, input, output, _) => output.Write(input);

    public IStreamFilter Create(FilterConnection connection)
    {
        Connections.Add(connection);
        return new Filter(this);
    }

    public static ReplaceFilterFactory Replacing(string pattern, string with) =>
        new([new Replacement(Encoding.ASCII.GetBytes(pattern), Encoding.ASCII.GetBytes(with))], FilterDirections.Both);

    private sealed class Filter(ScriptedFilters factory) : IStreamFilter, IDisposable
    {
        private readonly FilterStep _process = factory.Process;
        private readonly FilterStep _finish = factory.Finish;

        public void Process(FilterDirection direction, ReadOnlySpan<byte> input, IFilterOutput output, long nowMicroseconds) =>
            _process(direction, input, output, nowMicroseconds);

        public void Finish(FilterDirection direction, ReadOnlySpan<byte> rest, IFilterOutput output, long nowMicroseconds) =>
            _finish(direction, rest, output, nowMicroseconds);

        public void Dispose()
        {
            factory.Disposals++;
            factory.Disposing();
        }
    }

    private FilterStep Process => process;

    private FilterStep Finish => finish ?? Pass;
}

namespace Proxy.Policy.Filters;

/// <summary>
/// Takes what comes out of a pipeline, within the calls of <see cref="FilterPipeline"/>'s methods. It neither throws nor calls the pipeline.
/// </summary>
public interface IFilterReceiver
{
    /// <summary>Bytes for the side that <paramref name="direction"/> leads to; the span is only good during the call.</summary>
    void OnFiltered(FilterDirection direction, ReadOnlySpan<byte> bytes);

    /// <summary>The direction has ended, behind all its bytes.</summary>
    void OnFinished(FilterDirection direction);
}

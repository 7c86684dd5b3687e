using System.Net;
using Proxy.Policy.Filters;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

// What stands between the channels and the relay where the frontend wants it: rates and filters.
internal sealed partial class RelayConnectionActor
{
    private FilteredPair? _filters;

    /// <summary>Puts what the relay is to see in the place of the channels; what the client has sent before goes through it too.</summary>
    private void Inspect(ref IChannel client, ref IChannel server)
    {
        if (_frontend.Inspection is not { } inspection)
        {
            return;
        }

        var connection = new FilterConnection(_record.Id, _record.Frontend, _record.Client, server.RemoteEndPoint as IPEndPoint);
        var inspected = inspection.Wrap((LoopDispatcher)Context.Dispatcher, client, server, connection);
        (client, server, _filters) = (inspected.Client, inspected.Upstream, inspected.Filters);
        if (inspected.InnerClient is { } inner)
        {
            inner.Unread(_unread);
            _unread = [];
        }
    }

    /// <summary>Once everything has ended: a filter that fails when it is let go has cost nothing, but somebody should know.</summary>
    private void ReportDisposal()
    {
        if (_filters?.DisposalDefect is { } defect)
        {
            _frontend.Log.Error(defect, $"{_record.Frontend} {_record.Client}: a filter failed at the end of its connection");
        }
    }

    private void EndByFilter(FilterCut cut)
    {
        if (cut.Defect is { } defect)
        {
            _frontend.Log.Error(defect, $"{_record.Frontend} {_record.Client}: the filter {cut.Filter} failed");
        }

        End(cut.Defect is null ? EndReason.Filtered : EndReason.InternalError, FilteredPair.TextOf(cut));
    }
}

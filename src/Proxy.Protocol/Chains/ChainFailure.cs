using Proxy.Protocol.Ends;

namespace Proxy.Protocol.Chains;

/// <summary>Which hop of a chain failed, and what is known of it.</summary>
/// <param name="Hop">Counted from 1. One more than there are hops: the destination.</param>
/// <param name="Reason">Why the connection ends.</param>
/// <param name="Text">For the log; begins with who failed: "hop 2 (192.0.2.7:4000): refused, says hop 1: …".</param>
public sealed record ChainFailure(int Hop, EndReason Reason, string Text);

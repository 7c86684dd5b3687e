using Proxy.Kernel;

namespace Proxy.Actors;

/// <summary>Ends the ready connections of a loop when the node does.</summary>
internal sealed class WarmHopsActor(WarmHops hops) : ReceiveActor
{
    protected override void PostStop() => hops.Close();
}

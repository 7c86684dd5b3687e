using Proxy.Kernel;
using Proxy.TestKit;

namespace Proxy.Simulation.Tests;

/// <summary>Lets the kernel's dispatcher choose among the world's loops and the actors that live on none, so that one seed orders both.</summary>
public sealed class DispatcherReadyQueue(DeterministicDispatcher dispatcher) : IReadyQueue
{
    public void Execute(IThreadPoolWorkItem work) => dispatcher.Execute(work);

    public bool RunOne() => dispatcher.RunOne();
}

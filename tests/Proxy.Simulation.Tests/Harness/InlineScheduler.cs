namespace Proxy.Simulation.Tests;

/// <summary>Runs what is given to it at once, on the thread that gives it: under virtual time arithmetic takes none.</summary>
public sealed class InlineScheduler : TaskScheduler
{
    public static readonly InlineScheduler Instance = new();

    protected override void QueueTask(Task task) => TryExecuteTask(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}

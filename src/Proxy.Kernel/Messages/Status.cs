namespace Proxy.Kernel;

/// <summary>The outcome of asynchronous work, as a message.</summary>
public abstract record Status
{
    private Status()
    {
    }

    public sealed record Success(object? Value) : Status;

    /// <summary>What <c>PipeTo</c> tells when its task failed or was cancelled; as an answer it makes an <c>Ask</c> fail with the cause.</summary>
    public sealed record Failure(Exception Cause) : Status;
}

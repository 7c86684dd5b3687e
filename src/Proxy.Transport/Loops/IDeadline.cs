namespace Proxy.Transport;

/// <summary>A moment at which a loop calls back, once. Only for the loop's own thread.</summary>
public interface IDeadline
{
    /// <summary>Arms the deadline for a moment of the loop's clock (<see cref="IIoLoop.NowMicroseconds"/>); an earlier setting is forgotten.</summary>
    void Set(long dueMicroseconds);

    /// <summary>Disarms it. The callback does not run afterwards, not even when the moment had passed already.</summary>
    void Cancel();
}

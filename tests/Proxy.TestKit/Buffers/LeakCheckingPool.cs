using System.Buffers;
using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Proxy.TestKit;

/// <summary>
/// An array pool that watches its users: it knows what is rented and by whom, refuses a second return and arrays of others, hands out arrays
/// full of <see cref="Poison"/> instead of zeros, and keeps returned ones poisoned and unused, so that reading or writing after the return
/// shows. A misuse throws at the call that commits it; a late write at the next check. Thread-safe.
/// </summary>
/// <param name="capturesStacks">Whether a rent remembers its call stack (slow; for the search) beside its number and <see cref="Tag"/>.</param>
public sealed class LeakCheckingPool(bool capturesStacks = false) : ArrayPool<byte>
{
    /// <summary>What a rented array holds at first, and a returned one for ever.</summary>
    public const byte Poison = 0xDD;

    // The smallest array, as the shared pool has it: renters must not take the length for what they asked.
    private const int SmallestArrayBytes = 16;

    // Returned arrays that are watched for late writes; older ones are let go, so that a long test stays small.
    private const int WatchedArrays = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<byte[], Rental> _rented = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<(byte[] Array, Rental Rental)> _returned = new();

    // Whom a returned array was rented to last: tells a double return from a foreign array as long as the array lives.
    private readonly ConditionalWeakTable<byte[], Rental> _known = [];

    /// <summary>A word for whoever rents from now on; shown when it did not return.</summary>
    public string Tag { get; set; } = "";

    public long RentCount { get; private set; }

    public long ReturnCount { get; private set; }

    public int RentedNow
    {
        get
        {
            lock (_lock)
            {
                return _rented.Count;
            }
        }
    }

    /// <summary>The most that was rented at one moment, by the arrays' real lengths.</summary>
    public long PeakRentedBytes { get; private set; }

    private long RentedBytes { get; set; }

    public override byte[] Rent(int minimumLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(minimumLength);
        if (minimumLength == 0)
        {
            return [];
        }

        var array = new byte[BitOperations.RoundUpToPowerOf2((uint)Math.Max(minimumLength, SmallestArrayBytes))];
        Array.Fill(array, Poison);
        lock (_lock)
        {
            var rental = new Rental(++RentCount, Tag, capturesStacks ? new StackTrace(1).ToString() : "");
            _rented.Add(array, rental);
            _known.Add(array, rental);
            RentedBytes += array.Length;
            PeakRentedBytes = Math.Max(PeakRentedBytes, RentedBytes);
        }

        return array;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        if (array.Length == 0)
        {
            return;
        }

        lock (_lock)
        {
            if (!_rented.Remove(array, out var rental))
            {
                throw new PoolMisuseException(_known.TryGetValue(array, out var earlier)
                    ? $"An array was returned twice; it was rented by {earlier}"
                    : $"An array of {array.Length} bytes was returned that this pool never rented out.");
            }

            ReturnCount++;
            RentedBytes -= array.Length;
            Array.Fill(array, Poison);
            _returned.Enqueue((array, rental));
            if (_returned.Count > WatchedArrays)
            {
                var (oldest, lastRental) = _returned.Dequeue();
                RequirePoison(oldest, lastRental);
            }
        }
    }

    /// <summary>Throws unless all was returned and nobody wrote to what was returned.</summary>
    /// <exception cref="PoolMisuseException">The message names who rented what is missing or was written to.</exception>
    public void AssertNothingRented()
    {
        lock (_lock)
        {
            foreach (var (array, rental) in _returned)
            {
                RequirePoison(array, rental);
            }

            if (_rented.Count > 0)
            {
                var renters = _rented.Values.OrderBy(rental => rental.Number).Take(20);
                throw new PoolMisuseException($"{_rented.Count} arrays were not returned: {string.Join("; ", renters)}");
            }
        }
    }

    private static void RequirePoison(byte[] array, Rental rental)
    {
        var index = array.AsSpan().IndexOfAnyExcept(Poison);
        if (index >= 0)
        {
            throw new PoolMisuseException($"Byte {index} of an array was written after its return; it was rented by {rental}");
        }
    }

    private sealed record Rental(long Number, string Tag, string Stack)
    {
        public override string ToString() => $"rent #{Number} {Tag}{(Stack.Length > 0 ? "\n" + Stack : "")}".TrimEnd();
    }
}

/// <summary>A buffer was leaked, returned twice, not the pool's, or written after its return.</summary>
public sealed class PoolMisuseException(string message) : Exception(message);

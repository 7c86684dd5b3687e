namespace Proxy.TestKit.Tests.Buffers;

public sealed class LeakCheckingPoolTests
{
    private readonly LeakCheckingPool _pool = new();

    [Fact]
    public void A_rented_array_is_large_enough_and_full_of_poison()
    {
        var array = _pool.Rent(1000);

        Assert.Equal(1024, array.Length);
        Assert.All(array, value => Assert.Equal(LeakCheckingPool.Poison, value));
    }

    [Fact]
    public void What_is_not_returned_is_named_by_tag_and_number()
    {
        var returned = _pool.Rent(10);
        _pool.Tag = "lane 3";
        _pool.Rent(10);
        _pool.Return(returned);
        var failure = Assert.Throws<PoolMisuseException>(_pool.AssertNothingRented);

        Assert.Contains("rent #2 lane 3", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, _pool.RentedNow);
    }

    [Fact]
    public void A_rent_can_remember_who_called()
    {
        var pool = new LeakCheckingPool(capturesStacks: true);
        pool.Rent(10);
        var failure = Assert.Throws<PoolMisuseException>(pool.AssertNothingRented);

        Assert.Contains(nameof(A_rent_can_remember_who_called), failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_returned_is_fine_and_counted()
    {
        var arrays = Enumerable.Range(1, 2000).Select(_pool.Rent).ToArray();
        Array.ForEach(arrays, array => _pool.Return(array));

        _pool.AssertNothingRented();
        Assert.Equal((2000, 2000), (_pool.RentCount, _pool.ReturnCount));
        Assert.Equal(arrays.Sum(array => (long)array.Length), _pool.PeakRentedBytes);
    }

    [Fact]
    public void A_second_return_throws_and_names_the_renter()
    {
        _pool.Tag = "reader";
        var array = _pool.Rent(10);
        _pool.Return(array);
        var failure = Assert.Throws<PoolMisuseException>(() => _pool.Return(array));

        Assert.Contains("twice", failure.Message, StringComparison.Ordinal);
        Assert.Contains("rent #1 reader", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_array_of_others_is_not_taken()
    {
        var failure = Assert.Throws<PoolMisuseException>(() => _pool.Return(new byte[16]));

        Assert.Contains("never rented", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_returned_array_reads_as_poison_and_is_not_handed_out_again()
    {
        var array = _pool.Rent(16);
        "important bytes!"u8.CopyTo(array);
        _pool.Return(array);

        Assert.All(array, value => Assert.Equal(0xDD, value));
        Assert.NotSame(array, _pool.Rent(16));
    }

    [Fact]
    public void Writing_after_the_return_is_found_at_the_check()
    {
        var array = _pool.Rent(16);
        _pool.Return(array);
        array[5] = 1;
        var failure = Assert.Throws<PoolMisuseException>(_pool.AssertNothingRented);

        Assert.Contains("Byte 5", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_array_is_nobodys()
    {
        var empty = _pool.Rent(0);
        _pool.Return(empty);
        _pool.Return(empty);

        Assert.Empty(empty);
        _pool.AssertNothingRented();
    }
}

namespace Proxy.Actors.Tests;

public sealed class PoolPartsTests
{
    private readonly PoolPart[] _parts = [.. Enumerable.Range(0, 3).Select(_ => new PoolPart(null!, null!, new PoolLoad()))];

    [Fact]
    public void Connections_go_round_the_parts_that_have_a_tunnel()
    {
        _parts[0].Load.OpenTunnels = 1;
        _parts[2].Load.OpenTunnels = 2;

        Assert.Equal([0, 2, 0, 2, 0], Take(5));
    }

    [Fact]
    public void Where_none_has_a_tunnel_they_wait_at_all_in_turn() => Assert.Equal([0, 1, 2, 0], Take(4));

    [Fact]
    public void A_part_whose_tunnel_comes_back_has_its_turn_again()
    {
        _parts[1].Load.OpenTunnels = 1;
        var parts = new PoolParts(_parts);
        Assert.Same(_parts[1], parts.Next());
        Assert.Same(_parts[1], parts.Next());

        _parts[0].Load.OpenTunnels = 1;
        Assert.Same(_parts[0], parts.Next());
        Assert.Same(_parts[1], parts.Next());
    }

    private int[] Take(int count)
    {
        var parts = new PoolParts(_parts);
        return [.. Enumerable.Range(0, count).Select(_ => Array.IndexOf(_parts, parts.Next()))];
    }
}

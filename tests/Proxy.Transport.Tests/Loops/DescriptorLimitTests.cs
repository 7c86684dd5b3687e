namespace Proxy.Transport.Tests.Loops;

public sealed class DescriptorLimitTests
{
    [Theory]
    [InlineData(20_000, 32, 2, (20_000 - 256 - 64 - 2) / 2)]
    [InlineData(20_000, 0, 1000, (20_000 - 256 - 1000) / 2)]
    [InlineData(1024, 32, 1, (1024 - 256 - 64 - 1) / 2)]
    [InlineData(int.MaxValue, 32, 0, (int.MaxValue - 256 - 64) / 2)]
    public void A_connection_takes_two_descriptors_of_what_the_rest_of_the_node_leaves(int descriptors, int splicedFlows, int otherSockets, int expected)
    {
        Assert.Equal(expected, new DescriptorLimit(descriptors).RelayedConnections(splicedFlows, otherSockets));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(256, 32, 1)]
    [InlineData(258, int.MaxValue, int.MaxValue)]
    public void However_few_there_are_one_connection_is_tried(int descriptors, int splicedFlows, int otherSockets)
    {
        Assert.Equal(1, new DescriptorLimit(descriptors).RelayedConnections(splicedFlows, otherSockets));
    }

    [Fact]
    public void Raising_gives_what_the_system_says_the_process_may_have()
    {
        var limit = DescriptorLimit.Raise();

        if (OperatingSystem.IsLinux())
        {
            var (soft, hard) = OpenFilesAsTheSystemSees();
            Assert.Equal(hard, soft);
            Assert.Equal(soft, limit!.Value.Descriptors.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        else
        {
            Assert.Null(limit);
        }
    }

    // Limit                     Soft Limit           Hard Limit           Units
    private static (string Soft, string Hard) OpenFilesAsTheSystemSees()
    {
        var line = File.ReadLines("/proc/self/limits").Single(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (words[3], words[4]);
    }
}

using System.Security.Cryptography;

namespace Proxy.Actors.Tests.Keys;

public sealed class KeySourceTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("proxy-keys-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_file_of_keygen_is_read()
    {
        var key = Assert.Single(KeySource.ReadAll([Write("key", Text(1) + "\n")], null));
        Assert.Equal("default", key.Name);
    }

    [Fact]
    public void Several_keys_have_names()
    {
        var keys = KeySource.ReadAll([$"alice={Write("a", Text(1))}", $"bob={Write("b", Text(2))}"], null);
        Assert.Equal(["alice", "bob"], keys.Select(key => key.Name));
        Assert.NotEqual(keys[0].Id.ToArray(), keys[1].Id.ToArray());
    }

    [Fact]
    public void A_path_with_an_equals_sign_is_a_path()
    {
        Assert.Equal("default", Assert.Single(KeySource.ReadAll([Write("a=b", Text(1))], null)).Name);
    }

    [Fact]
    public void The_environment_has_a_key_unless_a_file_is_named()
    {
        var fromEnvironment = Assert.Single(KeySource.ReadAll([], Text(1)));
        var fromFile = Assert.Single(KeySource.ReadAll([Write("key", Text(2))], Text(1)));
        Assert.NotEqual(fromEnvironment.Id.ToArray(), fromFile.Id.ToArray());
        Assert.Empty(KeySource.ReadAll([], null));
        Assert.Empty(KeySource.ReadAll([], ""));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead, "0640")]
    [InlineData(UnixFileMode.OtherRead, "0604")]
    [InlineData(UnixFileMode.GroupWrite, "0620")]
    [InlineData(UnixFileMode.OtherWrite, "0602")]
    public void A_file_that_others_may_read_or_write_is_refused(UnixFileMode more, string mode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no modes here.");
        var path = Write("key", Text(1), OwnerOnly | more);
        var refusal = Refusal(path);
        Assert.Contains(mode, refusal);
        Assert.Contains("chmod 600", refusal);
        Assert.Contains(path, refusal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("AAAA", "has 3 bytes, and a key has 32")]
    [InlineData("?", "is not base64")]
    public void A_file_that_has_no_key_is_refused(string content, string problem)
    {
        Assert.Contains(problem, Refusal(Write("key", content)));
    }

    [Fact]
    public void A_file_of_any_size_is_refused_without_reading_all_of_it()
    {
        Assert.Contains("too long", Refusal(Write("key", new string('A', 1_000_000))));
    }

    [Fact]
    public void A_missing_file_a_directory_and_a_name_without_a_file_are_refused()
    {
        Assert.Contains("can not be read", Refusal(Path.Combine(_directory.FullName, "none")));
        Assert.Contains("can not be read", Refusal(_directory.FullName));
        Assert.Contains("names no file", Refusal("alice="));
    }

    [Fact]
    public void A_wrong_key_in_the_environment_is_refused_without_repeating_it()
    {
        var refusal = Assert.Throws<KeyFileException>(() => KeySource.ReadAll([], "c2VjcmV0")).Message;
        Assert.Contains("TCPPROXY_KEY has 6 bytes", refusal);
        Assert.DoesNotContain("c2VjcmV0", refusal);
    }

    [Fact]
    public void Two_keys_of_one_name_and_one_key_of_two_names_are_refused()
    {
        var (first, second) = (Write("a", Text(1)), Write("b", Text(2)));
        Assert.Contains("two keys named default", Assert.Throws<KeyFileException>(() => KeySource.ReadAll([first, second], null)).Message);
        Assert.Contains(
            "the same key as alice",
            Assert.Throws<KeyFileException>(() => KeySource.ReadAll([$"alice={first}", $"bob={first}"], null)).Message);
    }

    private static string Refusal(string value) => Assert.Throws<KeyFileException>(() => KeySource.ReadAll([value], null)).Message;

    private static string Text(byte seed) => Convert.ToBase64String(SHA256.HashData([seed]));

    private string Write(string name, string content, UnixFileMode mode = OwnerOnly)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }

        return path;
    }
}

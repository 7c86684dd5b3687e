using System.Text;

namespace Proxy.Actors.Tests.Keys;

public sealed class ProxyUsersTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("proxy-users-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_user_is_right_with_the_name_and_the_password_of_one_line()
    {
        var users = ProxyUsers.Read(Write("# people\n\nalice:se:cret\r\nbob:b\n"));

        Assert.True(IsRight(users, "alice", "se:cret"));
        Assert.True(IsRight(users, "bob", "b"));
        Assert.False(IsRight(users, "alice", "b"));
        Assert.False(IsRight(users, "bob", "se:cret"));
        Assert.False(IsRight(users, "alices", "e:cret"));
        Assert.False(IsRight(users, "Alice", "se:cret"));
        Assert.False(IsRight(users, "# people", ""));
        Assert.False(IsRight(users, "", ""));
        Assert.False(IsRight(users, new string('a', 300), new string('b', 300)));
    }

    [Theory]
    [InlineData("", "has 0 users")]
    [InlineData("# nobody\n", "has 0 users")]
    [InlineData("a:b\nalice\n", "line 2: NAME:PASSWORD is expected")]
    [InlineData("alice:\n", "line 1: NAME:PASSWORD is expected")]
    [InlineData(":secret\n", "line 1: NAME:PASSWORD is expected")]
    [InlineData("a:b\na:c\n", "line 2: this name is there twice")]
    public void A_file_that_says_something_else_is_refused_by_its_line_and_without_its_words(string text, string problem)
    {
        var failure = Assert.Throws<KeyFileException>(() => ProxyUsers.Read(Write(text)));

        Assert.Contains(problem, failure.Message);
        Assert.DoesNotContain("secret", failure.Message);
    }

    [Fact]
    public void A_file_that_others_may_read_is_refused()
    {
        var path = Write("alice:secret\n");
        SetMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);

        Assert.Contains("is open to others than its owner (mode 0440)", Assert.Throws<KeyFileException>(() => ProxyUsers.Read(path)).Message);
    }

    [Fact]
    public void Files_with_the_same_users_are_the_same()
    {
        var users = ProxyUsers.Read(Write("alice:secret\n"));

        Assert.Equal(users, ProxyUsers.Read(Write("# more words\nalice:secret\n")));
        Assert.NotEqual(users, ProxyUsers.Read(Write("alice:other\n")));
    }

    private string Write(string text)
    {
        var path = Path.Combine(_directory.FullName, Path.GetRandomFileName());
        File.WriteAllText(path, text);
        SetMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private static bool IsRight(ProxyUsers users, string name, string password) => users.IsRight(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(password));
}

namespace Proxy.Kernel.Tests;

public sealed class MailboxInboxTests
{
    /// <summary>
    /// The same trap as in <see cref="MailboxTests"/> without dispatcher and actor in between, so that sender and receiver meet within nanoseconds.
    /// The pause before each post sweeps over the receiver's way into idleness.
    /// </summary>
    [Fact]
    public void A_post_either_wakes_the_mailbox_or_is_seen_by_the_run_that_goes_idle()
    {
        const int Rounds = 150_000;
        var inbox = new MailboxInbox(isBounded: false);
        Assert.True(inbox.TryGoIdle(wantsUserMessages: true));
        var message = new Envelope("message", null);
        var scheduled = 0;
        var taken = 0;
        var receiver = new Thread(() =>
        {
            while (Volatile.Read(ref taken) < Rounds)
            {
                if (Interlocked.Exchange(ref scheduled, 0) == 0)
                {
                    continue;
                }

                taken += inbox.Take(out _, out _);
                if (!inbox.TryGoIdle(wantsUserMessages: true))
                {
                    Volatile.Write(ref scheduled, 1);
                }
            }
        })
        { IsBackground = true };
        receiver.Start();

        for (var round = 1; round <= Rounds; round++)
        {
            for (var pause = round & 127; pause > 0; pause--)
            {
                Volatile.Read(ref round);
            }

            if (inbox.Post(message, int.MaxValue) == PostResult.QueuedAndWoken)
            {
                Volatile.Write(ref scheduled, 1);
            }

            AwaitTaken(ref taken, round);
        }
    }

    [Fact]
    public void A_closed_inbox_refuses_and_keeps_what_waited()
    {
        var inbox = new MailboxInbox(isBounded: false);
        inbox.Post(new Envelope("early", null), int.MaxValue);
        inbox.PostSystem(new SystemMessage.Stop());

        inbox.Close();

        Assert.Equal(PostResult.Closed, inbox.Post(new Envelope("late", null), int.MaxValue));
        Assert.Equal(PostResult.Closed, inbox.PostSystem(new SystemMessage.Stop()));
        Assert.Equal(1, inbox.Take(out var first, out _));
        Assert.Equal("early", first.Message);
        Assert.IsType<SystemMessage.Stop>(inbox.TakeSystem());
    }

    [Fact]
    public void Only_the_first_post_to_an_idle_inbox_wakes_it()
    {
        var inbox = new MailboxInbox(isBounded: false);
        inbox.TryGoIdle(wantsUserMessages: true);

        Assert.Equal(PostResult.QueuedAndWoken, inbox.Post(new Envelope(1, null), int.MaxValue));
        Assert.Equal(PostResult.Queued, inbox.Post(new Envelope(2, null), int.MaxValue));
        Assert.Equal(PostResult.Queued, inbox.PostSystem(new SystemMessage.Suspend()));
    }

    [Fact]
    public void A_suspended_mailbox_goes_idle_over_user_messages_but_not_over_system_messages()
    {
        var inbox = new MailboxInbox(isBounded: false);
        inbox.Post(new Envelope(1, null), int.MaxValue);
        Assert.True(inbox.TryGoIdle(wantsUserMessages: false));

        inbox.PostSystem(new SystemMessage.Resume());
        Assert.False(inbox.TryGoIdle(wantsUserMessages: false));
        inbox.TakeSystem();
        Assert.False(inbox.TryGoIdle(wantsUserMessages: true));
    }

    private static void AwaitTaken(ref int taken, int round)
    {
        for (var spin = 0; spin < 2_000; spin++)
        {
            if (Volatile.Read(ref taken) >= round)
            {
                return;
            }
        }

        var wait = default(SpinWait);
        for (var yields = 0; Volatile.Read(ref taken) < round; yields++)
        {
            Assert.True(yields < 200_000, $"The wake-up of round {round} was lost.");
            wait.SpinOnce(sleep1Threshold: -1);
        }
    }
}

using System.Runtime.InteropServices;
using Proxy.Link.Bench;

// A UDP link with delay, jitter, loss, reordering, duplication, a rate and a queue, between two addresses of this machine:
//   Proxy.Link.Bench LISTEN TARGET [delay=MS] [jitter=MS] [loss=SHARE] [reordering=SHARE] [duplication=SHARE] [rate=MBIT/S] [queue=KIB] [payload=BYTES] [seed=N]
// Says "ready", and on SIGTERM or Ctrl-C what became of the datagrams.
if (args.Length < 2)
{
    Console.Error.WriteLine("usage: Proxy.Link.Bench LISTEN TARGET [name=value]...");
    return 2;
}

var isOver = false;
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var link = new Link(LinkSettings.Read(args));
Console.WriteLine("ready");
link.Run(() => Volatile.Read(ref isOver));
Console.WriteLine($$"""{"up":{{link.Up}},"down":{{link.Down}}}""");
return 0;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    Volatile.Write(ref isOver, true);
}

using System.Globalization;
using System.Net;
using Proxy.Transport;
using Proxy.Transport.Bench;

// The relay with nothing on top: what the I/O loops cost by themselves. Measured from outside, by bench/relay/compare.py.
//   Proxy.Transport.Bench LISTEN TO [backend=epoll|portable] [loops=2] [accept=share|hand] [splice=READS] [buffer=BYTES]
var options = args.Skip(2).Select(argument => argument.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
string Option(string name, string otherwise) => options.GetValueOrDefault(name, otherwise);
int Number(string name, int otherwise) => int.Parse(Option(name, otherwise.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);

var defaults = new LoopSettings();
var settings = defaults with
{
    BulkReadsBeforeSplice = Number("splice", defaults.BulkReadsBeforeSplice),
    ReadBufferBytes = Number("buffer", defaults.ReadBufferBytes),
};
using var loops = LoopBackends.CreateGroup(Enum.Parse<LoopBackendKind>(Option("backend", "auto"), ignoreCase: true), Number("loops", 2), settings);
var relays = new BareRelays(loops.Loops, IPEndPoint.Parse(args[1]));
relays.Listen(IPEndPoint.Parse(args[0]), isSharing: string.Equals(Option("accept", "share"), "share", StringComparison.Ordinal));
Console.WriteLine($"ready: {loops.Loops.Count} {loops.Backend} loops");
await Task.Delay(Timeout.Infinite);

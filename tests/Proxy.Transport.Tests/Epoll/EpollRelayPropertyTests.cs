using System.Security.Cryptography;
using Proxy.TestKit;
using Proxy.Transport.Relays;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Epoll;

/// <summary>Many flows of every shape at once over real sockets, so that copying and splicing take turns within one flow.</summary>
public sealed class EpollRelayPropertyTests : IDisposable
{
    private const int Flows = 16;
    private static readonly LoopSettings Eager =
        new() { BulkReadsBeforeSplice = 1, ReadBufferBytes = LoopSettings.SmallestReadBufferBytes, SplicedFlows = Flows };

    private readonly RelayRig _rig = new(Eager);

    [Fact]
    public void Whatever_the_sizes_and_pauses_every_byte_comes_back_and_every_relay_completes() => Property.Check(4, random =>
    {
        var flows = Enumerable.Range(0, Flows).Select(_ => new Flow(random.Next(), _rig)).ToArray();
        _rig.Environment.Run(_rig.Ends, () => Array.ForEach(flows, flow => flow.SendNext()));
        _rig.Environment.Until(() => flows.All(flow => flow.IsOver), "all flows are over");

        Assert.All(flows, flow => flow.AssertUnharmed());
        _rig.Environment.Run(_rig.Ends, () => Array.ForEach(flows, flow => flow.Close()));
        _rig.UntilNothingIsOpen();
        Assert.True(_rig.SplicedBytes > 0, "Nothing was spliced.");
    });

    public void Dispose() => _rig.Dispose();

    /// <summary>
    /// A client that sends chunks between a byte and a megabyte as they are taken, and stops reading now and then until the loop comes round
    /// again; its upstream echoes. All of it runs on the rig's first loop.
    /// </summary>
    private sealed class Flow : IThreadPoolWorkItem
    {
        private readonly Random _random;
        private readonly RelayRig _rig;
        private readonly RelayedPair _path;
        private readonly byte[] _bytes;
        private int _sent;

        public Flow(int seed, RelayRig rig)
        {
            (_random, _rig) = (new Random(seed), rig);
            _bytes = new byte[_random.Next(1, 3 << 20)];
            _random.NextBytes(_bytes);
            _path = rig.Connect(new EchoHandler());
            _path.ClientEvents.WhenDrained = _ => SendNext();
            _path.ClientEvents.WhenReceived = _ => PauseSometimes();
        }

        public bool IsOver => _path.ClientEvents.HasEnded && _path.Observer.Ends.Count == 1;

        public void SendNext()
        {
            var isTaken = true;
            while (isTaken && _sent < _bytes.Length)
            {
                var most = _random.Next(3) == 0 ? 1 << 20 : 3000;
                var count = Math.Min(_random.Next(1, most), _bytes.Length - _sent);
                isTaken = _path.Client.Send(_bytes.AsSpan(_sent, count));
                _sent += count;
            }

            if (_sent == _bytes.Length)
            {
                _path.Client.ShutdownSend();
            }
        }

        public void AssertUnharmed()
        {
            Assert.Equal(Convert.ToHexString(SHA256.HashData(_bytes)), Convert.ToHexString(SHA256.HashData(_path.ClientEvents.Received)));
            Assert.Equal(RelayEndKind.Completed, _path.Observer.Ends[0].Kind);
            Assert.Equal((_bytes.Length, _bytes.Length), (_path.Relay.BytesFromClient, _path.Relay.BytesFromUpstream));
        }

        public void Close() => _path.Client.Close();

        void IThreadPoolWorkItem.Execute() => _path.Client.ResumeReceive();

        private void PauseSometimes()
        {
            if (_random.Next(4) == 0)
            {
                _path.Client.PauseReceive();
                _rig.Ends.Post(this);
            }
        }
    }
}

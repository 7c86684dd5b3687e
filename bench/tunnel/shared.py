#!/usr/bin/env python3
"""How a sealed tunnel and a TCP flow, or two of a kind, share one real bottleneck.

    bench/tunnel/shared.py [--seconds N] [--links NAME,...] [--pairs tunnel+cubic,tunnel+tunnel,...]

Three network namespaces, client - router - server, made here and removed at the end; needs root. The bottleneck is the kernel's own token bucket (tbf)
with a queue of bytes, at the router's way towards the client; both flows are downloads and meet in it. The delay is the router's: this program
takes frames from one of its interfaces and gives them to the other half a round trip later, as few kernels here have netem. One tunnel is one download
through it; the others are one TCP connection each, from namespace to namespace, with that congestion control of the kernel's. Shares are of the sum;
Jain's index is 1 for equal ones, 0.5 where one has everything.
On a busy machine run it under chrt -r 10: a router that is late is a path with jitter.
Build first: dotnet build -c Release.
"""
import argparse, array, collections, contextlib, ctypes, fcntl, os, select, socket, struct, subprocess, sys, tempfile, threading, time
import links

SERVER, CLIENT_NET = "10.9.0.2", "10.9.0"
TUNNEL_PORT = 4000
WARM_SECONDS = 6
LINKS = {  # megabits per second, round trip in ms, queue in KiB
    "20M-50ms-1bdp": (20, 50, 122),
    "20M-50ms-4bdp": (20, 50, 488),
    "50M-20ms-1bdp": (50, 20, 122),
    "50M-20ms-4bdp": (50, 20, 488),
}
libc = ctypes.CDLL(None, use_errno=True)
links.START_SECONDS = WARM_SECONDS


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def inside(network):
    """This thread's new sockets belong to that namespace."""
    with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{network}") as there:
        if libc.setns(there.fileno(), 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            libc.setns(home.fileno(), 0x40000000)


def send_as_it_is(device):
    """No segments of several datagrams, and checksums that are there: frames pass through this program."""
    with socket.socket() as control:
        for command in (0x17, 0x1F, 0x24):  # ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO of linux/ethtool.h
            value = array.array("B", struct.pack("II", command, 0))
            request = struct.pack("16sP", device.encode(), value.buffer_info()[0])
            fcntl.ioctl(control, 0x8946, request)  # SIOCETHTOOL


class Path:
    """Client and server with a router between them."""

    def __init__(self, megabits, round_trip, queue):
        self.near, self.router, self.far = (f"tcpproxy-{name}-{os.getpid()}" for name in ("near", "router", "far"))
        self.is_over = False
        try:
            for network in (self.near, self.router, self.far):
                run("ip", "netns", "add", network)
                run("ip", "-n", network, "link", "set", "lo", "up")
            for end, address, inner in ((self.near, f"{CLIENT_NET}.1", "rn"), (self.far, SERVER, "rf")):
                run("ip", "-n", end, "link", "add", "eth0", "type", "veth", "peer", "name", inner, "netns", self.router)
                run("ip", "-n", end, "address", "add", f"{address}/24", "dev", "eth0")
                for network, device in ((end, "eth0"), (self.router, inner)):
                    run("ip", "-n", network, "link", "set", device, "up")
                    with inside(network):
                        send_as_it_is(device)
            run("tc", "-n", self.router, "qdisc", "add", "dev", "rn", "root", "tbf", "rate", f"{megabits}mbit", "burst", "4kb", "limit", f"{queue}kb")
            with inside(self.router):
                ends = [self.open(device) for device in ("rn", "rf")]
            self.thread = threading.Thread(target=self.carry, args=(ends, round_trip / 2e3), daemon=True)
            self.thread.start()
        except BaseException:
            self.remove()
            raise

    @staticmethod
    def open(device):
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        end.bind((device, 3))
        end.setblocking(False)
        return end

    def carry(self, ends, delay):
        waiting = {end: collections.deque() for end in ends}
        onward = {ends[0]: ends[1], ends[1]: ends[0]}
        while not self.is_over:
            now = time.monotonic()
            due = min((queue[0][0] for queue in waiting.values() if queue), default=now + 0.1)
            for end in select.select(ends, [], [], max(0, due - now))[0]:
                at = time.monotonic() + delay
                with contextlib.suppress(OSError):  # nothing more, or the device is being removed
                    for _ in range(64):
                        frame, origin = end.recvfrom(4096)
                        if origin[2] != socket.PACKET_OUTGOING:
                            waiting[onward[end]].append((at, frame))
            now = time.monotonic()
            for end, queue in waiting.items():
                while queue and queue[0][0] <= now:
                    with contextlib.suppress(OSError):  # the bottleneck's queue is full
                        end.send(queue.popleft()[1])

    def remove(self):
        self.is_over = True
        for network in (self.near, self.router, self.far):
            subprocess.run(["ip", "netns", "delete", network], stderr=subprocess.DEVNULL)


class Tunnels:
    def __init__(self, path, key):
        self.path, self.key = path, key
        self.processes = []
        with inside(path.far):
            self.target = links.source()
        server, _ = links.start_node(
            "server", "--listen", f"kcp://{SERVER}:{TUNNEL_PORT}", "--key-file", key, "--allow-destination", "127.0.0.0/8", prefix=("ip", "netns", "exec", path.far))
        self.processes.append(server)

    def connect(self):
        client, urls = links.start_node(
            "client", "--server", f"kcp://{SERVER}:{TUNNEL_PORT}", "--key-file", self.key, "--forward", f"127.0.0.1:0=127.0.0.1:{self.target}",
            prefix=("ip", "netns", "exec", self.path.near))
        self.processes.append(client)
        with inside(self.path.near):
            return links.connect(int(urls["tcp"].rsplit(":", 1)[1]), links.DOWNLOAD)

    def kill(self):
        for process in self.processes:
            process.kill()
            process.wait()


def measure(link, pair, seconds, key):
    path = Path(*link)
    try:
        tunnels = Tunnels(path, key)
        try:
            connections = []
            for kind in pair:
                if kind == "tunnel":
                    connections.append(tunnels.connect())
                    continue
                with inside(path.far):
                    port = links.source(SERVER, congestion=kind)
                with inside(path.near):
                    connections.append(links.connect(port, links.DOWNLOAD, SERVER))
            results = [0.0] * len(connections)
            threads = [threading.Thread(target=links.take, args=(connection, seconds, results, index)) for index, connection in enumerate(connections)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return results
        finally:
            tunnels.kill()
    finally:
        path.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--links", default=",".join(LINKS))
    parser.add_argument("--pairs", default="tunnel+cubic,tunnel+bbr,bbr+cubic,tunnel+tunnel,cubic+cubic")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        key = os.path.join(folder, "key")
        subprocess.run([links.NODE, "keygen", "--out", key], check=True, stdout=subprocess.DEVNULL)
        print(f"{'link':14} {'flows':14} {'MB/s':>13} {'shares':>11} {'Jain':>6} {'used':>5}")
        for name in options.links.split(","):
            for pair in options.pairs.split(","):
                goodputs = measure(LINKS[name], pair.split("+"), options.seconds, key)
                total = sum(goodputs) or 1e-9
                jain = total ** 2 / (len(goodputs) * sum(value ** 2 for value in goodputs) or 1)
                print(f"{name:14} {pair:14} {' '.join(f'{value:6.2f}' for value in goodputs)} "
                      f"{' '.join(f'{value / total:5.2f}' for value in goodputs)} {jain:6.3f} {total * 8 / LINKS[name][0]:5.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

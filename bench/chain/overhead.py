#!/usr/bin/env python3
"""What each hop of a chain costs, beside a direct tunnel: all on this machine, interleaved, medians.

    bench/chain/overhead.py [--rounds N] [--megabytes N] [--seconds N] [--node PATH]

A client with a kcp tunnel to its first hop, and from there nothing (the direct tunnel), one or two hops over bare TCP (chain://), or one or two over
tunnels of the hop before (kcp). Every header behind the first is sealed. Bulk over one connection, round trips of 100 bytes over one, and the
time from a connect to the first byte back; CPU is user plus system time of all processes, from /proc/PID/stat.
Build first: dotnet build -c Release. Everything stays on 127.0.0.1. Other load on the machine moves absolute figures; trust the differences.
"""
import argparse, base64, os, socket, statistics, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tunnel"))
import bench


class Chain:
    def __init__(self, name, node, target, hops, has_tunnels):
        self.name, self.node, self.processes = name, node, []
        self.folder = tempfile.TemporaryDirectory()
        self.key = os.path.join(self.folder.name, "key")
        with open(self.key, "w") as file:
            file.write(base64.b64encode(os.urandom(32)).decode())
        os.chmod(self.key, 0o600)
        places, following = [], None
        for hop in range(hops, 0, -1):  # the last one first, as each has to know the next
            scheme = "kcp" if has_tunnels or hop == 1 else "chain"
            following = self.hop(hop, scheme, following if has_tunnels else None)
            places.insert(0, following.split("://")[1])
        via = [part for place in places[1:] for part in ("--via", f"chain://{place}?key-file={self.key}")]
        urls = self.start("client", "--server", f"kcp://{places[0]}", "--key-file", self.key, *via, "--forward", f"127.0.0.1:0=127.0.0.1:{target}", "--admin", "127.0.0.1:0")
        self.port = int(urls["tcp"].rsplit(":", 1)[1])

    def hop(self, number, scheme, following):
        legs = f'tunnels {{ next {{ servers = ["{following}"] }} }}' if following else ""
        path = os.path.join(self.folder.name, f"{number}.conf")
        with open(path, "w") as file:
            file.write(f'tcpproxy {{ key.file = "{self.key}", admin.listen = "127.0.0.1:0"\n{legs}\nservers {{ hop {{ listen = ["{scheme}://127.0.0.1:0"]'
                       f'{", legs = [next]" if following else ""}, destinations.allow = ["127.0.0.0/8"] }} }} }}\n')
        return self.start("run", "-c", path)[scheme]

    def start(self, *arguments):
        process = subprocess.Popen([self.node, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.processes.append(process)
        urls = {}
        for line in process.stdout:
            if line.strip() == "ready":
                return urls
            url = line.split()[1]
            urls.setdefault(url.split(":")[0], url)
        raise SystemExit(f"tcpproxy {arguments[0]} did not start")

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.folder.cleanup()


def first_bytes(subject, seconds):
    """Connections one after the other: milliseconds from the connect to the first byte back, and CPU for each."""
    times, before, end = [], bench.cpu_seconds(subject.processes), time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", subject.port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(b"x" * 100)
            left = 100 - len(connection.recv(1))
            reached = time.monotonic()
            while left:
                left -= len(connection.recv(left))
        times.append(reached - began)
    return statistics.median(times) * 1000, (bench.cpu_seconds(subject.processes) - before) / len(times) * 1e6


COLUMNS = [("bulk", "MB/s", 0), ("CPU", "s/GB", 2), ("1 conn", "req/s", 0), ("CPU", "us/req", 1), ("p50", "ms", 3), ("connect", "ms", 3), ("CPU", "us/conn", 0)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=256)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement of requests")
    parser.add_argument("--node", default=bench.NODE, help="the tcpproxy to measure")
    options = parser.parse_args()
    target = bench.serve(bench.source_or_echo)
    kinds = [("tunnel", 1, False), ("+1 chain", 2, False), ("+2 chain", 3, False), ("+1 kcp", 2, True), ("+2 kcp", 3, True)]
    subjects = [Chain(name, options.node, target, hops, has_tunnels) for name, hops, has_tunnels in kinds]
    results = {subject.name: [] for subject in subjects}
    try:
        for subject in subjects:  # just-in-time compilation is not what is measured
            bench.bulk(subject, 64)
            bench.requests(subject, 1, 1)
            first_bytes(subject, 1)
        for _ in range(options.rounds):
            for subject in subjects:
                row = [*bench.bulk(subject, options.megabytes), *bench.requests(subject, 1, options.seconds), *first_bytes(subject, options.seconds)]
                results[subject.name].append(row)
    finally:
        for subject in subjects:
            subject.stop()
    bench.report(subjects, results, COLUMNS)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measures a TcpProxy tunnel beside kcptun, both on this machine, interleaved, medians.

    bench/tunnel/bench.py [--rounds N] [--megabytes N] [--peer kcptun|none] [--dialect native|vproxy]

Bulk over one connection (a TCP source and sink in this process) and small request/response round trips over one and 64 connections. CPU is user
plus system time of both ends together, from /proc/PID/stat. Build first: dotnet build -c Release. kcptun: apt-get install kcptun.
Everything stays on 127.0.0.1. Other load on the machine moves absolute figures; trust the ratios.
"""
import argparse, base64, os, re, shutil, socket, statistics, subprocess, sys, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NODE = os.path.join(ROOT, "artifacts/bin/Proxy.Node/release/tcpproxy")
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(processes):
    total = 0
    for process in processes:
        with open(f"/proc/{process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def resident_mb(processes):
    total = 0
    for process in processes:
        with open(f"/proc/{process.pid}/status") as status:
            total += int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024
    return total


def serve(handler):
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=handler, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def source_or_echo(connection):
    """The first line says what is wanted: `send N` sends N bytes; anything else is echoed."""
    with connection:
        first = connection.recv(64)
        if first.startswith(b"send "):
            left, block = int(first[5:]), bytes(1 << 18)
            while left > 0:
                connection.sendall(block[:min(left, len(block))])
                left -= len(block)
            return
        while first:
            connection.sendall(first)
            first = connection.recv(4096)


class Ours:
    name = "tcpproxy"

    def __init__(self, target, dialect):
        os.environ.setdefault("TCPPROXY_KEY", base64.b64encode(os.urandom(32)).decode())
        common = ["--dialect", dialect, "--admin", "127.0.0.1:0"]
        server, urls = self.start("server", "--listen", "kcp://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", *common)
        client, entries = self.start("client", "--server", urls["kcp"], "--forward", f"127.0.0.1:0=127.0.0.1:{target}", *common)
        self.processes, self.port = [server, client], int(entries["tcp"].rsplit(":", 1)[1])

    @staticmethod
    def start(*arguments):
        process = subprocess.Popen([NODE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        urls = {}
        for line in process.stdout:
            if line.strip() == "ready":
                return process, urls
            url = line.split()[1]
            urls.setdefault(url.split(":")[0], url)
        raise SystemExit(f"tcpproxy {arguments[0]} did not start")


class Kcptun:
    name = "kcptun"

    def __init__(self, target):
        udp, self.port = 29900 + os.getpid() % 1000, 31900 + os.getpid() % 1000
        common = ["-mode", "fast3", "-crypt", "none", "-nocomp", "-datashard", "0", "-parityshard", "0", "-sndwnd", "2048", "-rcvwnd", "2048"]
        quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes = [
            subprocess.Popen(["kcptun-server", "-l", f"127.0.0.1:{udp}", "-t", f"127.0.0.1:{target}", *common], **quiet),
            subprocess.Popen(["kcptun-client", "-l", f"127.0.0.1:{self.port}", "-r", f"127.0.0.1:{udp}", *common], **quiet),
        ]
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)


class Direct:
    """No proxy at all: what a round trip costs anyway."""
    name = "direct"

    def __init__(self, target):
        self.processes, self.port = [], target


def bulk(subject, megabytes):
    before, started = cpu_seconds(subject.processes), time.monotonic()
    with socket.create_connection(("127.0.0.1", subject.port)) as connection:
        connection.sendall(b"send %d" % (megabytes << 20))
        left = megabytes << 20
        buffer = bytearray(1 << 18)
        while left > 0:
            count = connection.recv_into(buffer)
            if count == 0:
                raise SystemExit(f"{subject.name}: {left} bytes are missing")
            left -= count
    elapsed = time.monotonic() - started
    gigabytes = (megabytes << 20) / 1e9
    return gigabytes * 1000 / elapsed, (cpu_seconds(subject.processes) - before) / gigabytes


def requests(subject, connections, seconds):
    sockets = [socket.create_connection(("127.0.0.1", subject.port)) for _ in range(connections)]
    for connection in sockets:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times, count, before, end = [], 0, cpu_seconds(subject.processes), time.monotonic() + seconds
    while time.monotonic() < end:
        sent = time.monotonic()
        for connection in sockets:
            connection.sendall(b"x" * 100)
        for connection in sockets:
            left = 100
            while left:
                left -= len(connection.recv(left))
        times.append(time.monotonic() - sent)
        count += connections
    used = cpu_seconds(subject.processes) - before
    for connection in sockets:
        connection.close()
    return count / seconds, used / count * 1e6, statistics.median(times) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=512)
    parser.add_argument("--dialect", choices=["native", "vproxy"], default="native")
    parser.add_argument("--peer", choices=["kcptun", "none"], default="kcptun")
    options = parser.parse_args()
    target = serve(source_or_echo)
    subjects = [Ours(target, options.dialect)]
    if options.peer == "kcptun":
        if shutil.which("kcptun-client"):
            subjects.append(Kcptun(target))
        else:
            print("kcptun is not installed (apt-get install kcptun): measuring tcpproxy alone")
    results = {subject.name: [] for subject in subjects}
    direct = Direct(target)
    try:
        print(f"direct, 1 connection: p50 {requests(direct, 1, 2)[2]:.3f} ms")
        for subject in subjects:
            bulk(subject, 64)
            requests(subject, 8, 1)
        for number in range(options.rounds):
            for subject in subjects:
                row = (*bulk(subject, options.megabytes), *requests(subject, 1, 2), *requests(subject, 64, 2))
                results[subject.name].append(row)
                print(f"round {number + 1} {subject.name}: " + " ".join(f"{value:.2f}" for value in row), flush=True)
        print(f"\n{'':10} {'bulk':>9} {'CPU':>8} {'1 conn':>9} {'CPU':>8} {'p50':>7} {'64 conns':>9} {'CPU':>8} {'resident':>9}")
        print(f"{'':10} {'MB/s':>9} {'s/GB':>8} {'req/s':>9} {'us/req':>8} {'ms':>7} {'req/s':>9} {'us/req':>8} {'MB':>9}")
        medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in results.items()}
        for subject in subjects:
            m = medians[subject.name]
            print(f"{subject.name:10} {m[0]:9.0f} {m[1]:8.2f} {m[2]:9.0f} {m[3]:8.1f} {m[4]:7.3f} {m[5]:9.0f} {m[6]:8.1f} {resident_mb(subject.processes):9.0f}")
        if len(subjects) == 2:
            ours, peer = medians["tcpproxy"], medians["kcptun"]
            print(f"{'ratio':10} " + " ".join(f"{a / b:{w}.2f}" for a, b, w in zip(ours, peer, (9, 8, 9, 8, 7, 9, 8))))
    finally:
        for subject in subjects:
            for process in subject.processes:
                process.kill()


if __name__ == "__main__":
    sys.exit(main())

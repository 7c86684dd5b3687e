#!/usr/bin/env python3
"""Measures a TcpProxy tunnel beside kcptun, both on this machine, interleaved, medians.

    bench/tunnel/bench.py [--rounds N] [--megabytes N] [--seconds N] [--peer kcptun|none] [--dialect native|vproxy] [--node PATH] [--idle SECONDS]

Bulk over one connection (a TCP source and sink in this process) and small request/response round trips over one and 64 connections; by wrk and nginx,
where they are installed, also 64 keep-alive connections and a connection for each request, 64 at a time (one Python process is most of the time of the
others). CPU is user plus system time of both ends together, from /proc/PID/stat. --idle: that of a tunnel with nothing to do, after the rest.
Build first: dotnet build -c Release. kcptun, wrk, nginx: apt-get install.
Everything stays on 127.0.0.1. Other load on the machine moves absolute figures; trust the ratios.
"""
import argparse, base64, os, re, shutil, socket, statistics, subprocess, sys, tempfile, threading, time

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


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Web:
    """nginx, answering two bytes; it ends with this process' call of stop."""

    def __init__(self):
        self.folder, self.port = tempfile.TemporaryDirectory(), free_port()
        path = os.path.join(self.folder.name, "nginx.conf")
        with open(path, "w") as file:
            file.write(f"worker_processes 1; daemon off; pid {self.folder.name}/pid; error_log {self.folder.name}/errors;\n"
                       "events { worker_connections 8192; }\nhttp { access_log off; keepalive_requests 100000000;\n"
                       f"server {{ listen 127.0.0.1:{self.port} backlog=4096; location / {{ return 200 ok; }} }} }}\n")
        self.process = subprocess.Popen(["nginx", "-c", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


class Ours:
    name = "tcpproxy"

    def __init__(self, target, options):
        dialect, self.node = options.dialect, options.node
        os.environ.setdefault("TCPPROXY_KEY", base64.b64encode(os.urandom(32)).decode())
        common = ["--dialect", dialect, "--admin", "127.0.0.1:0"]
        server, urls = self.start("server", "--listen", "kcp://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", *common)
        client, entries = self.start("client", "--server", urls["kcp"], "--forward", f"127.0.0.1:0=127.0.0.1:{target}", *common)
        self.processes, self.port = [server, client], int(entries["tcp"].rsplit(":", 1)[1])

    def start(self, *arguments):
        process = subprocess.Popen([self.node, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
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
        udp, self.port = free_port(socket.SOCK_DGRAM), free_port()
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


def web_requests(subject, seconds, close):
    """By wrk, 64 connections at a time: requests per second, microseconds of CPU for each."""
    before = cpu_seconds(subject.processes)
    command = ["wrk", "-t1", "-c64", f"-d{seconds}s", f"http://127.0.0.1:{subject.port}/", *(["-H", "Connection: close"] if close else [])]
    output = subprocess.run(command, capture_output=True, text=True).stdout
    count = int(re.search(r"(\d+) requests in", output).group(1))
    return count / seconds, (cpu_seconds(subject.processes) - before) / max(count, 1) * 1e6


def idle(subject, seconds):
    """By the scheduler's own account, in nanoseconds: the ticks of /proc/PID/stat charge a whole tick to whoever happens to run when it comes."""
    time.sleep(12)
    before = scheduled(subject.processes)
    time.sleep(seconds)
    after = scheduled(subject.processes)
    used, turns = {}, 0
    for task, (name, nanoseconds, count) in after.items():
        _, nanoseconds_before, count_before = before.get(task, (name, 0, 0))
        used[name] = used.get(name, 0) + nanoseconds - nanoseconds_before
        turns += count - count_before
    print(f"{subject.name}, idle: {sum(used.values()) / seconds / 1e7:.3f} % of a core for both ends, {turns / seconds:.1f} wake-ups/s: "
          + ", ".join(f"{name} {nanoseconds / seconds / 1000:.0f} us/s" for name, nanoseconds in sorted(used.items(), key=lambda one: -one[1])[:6]))


def scheduled(processes):
    tasks = {}
    for process in processes:
        for task in os.listdir(f"/proc/{process.pid}/task"):
            folder = f"/proc/{process.pid}/task/{task}"
            try:
                with open(f"{folder}/comm") as name, open(f"{folder}/schedstat") as account:
                    nanoseconds, _, turns = account.read().split()
                    tasks[task] = (name.read().strip(), int(nanoseconds), int(turns))
            except OSError:
                pass
    return tasks


def report(subjects, results, columns):
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in results.items()}
    for line in (0, 1):
        print(f"{'':10} " + " ".join(f"{column[line]:>9}" for column in columns))
    for subject in subjects:
        print(f"{subject.name:10} " + " ".join(f"{value:9.{column[2]}f}" for value, column in zip(medians[subject.name], columns)))
    if len(subjects) == 2:
        print(f"{'ratio':10} " + " ".join(f"{a / b:9.2f}" for a, b in zip(*(medians[subject.name] for subject in subjects))))


TUNNEL_COLUMNS = [("bulk", "MB/s", 0), ("CPU", "s/GB", 2), ("1 conn", "req/s", 0), ("CPU", "us/req", 1), ("p50", "ms", 3), ("64 conns", "req/s", 0), ("CPU", "us/req", 1)]
WEB_COLUMNS = [("wrk 64", "req/s", 0), ("CPU", "us/req", 1), ("wrk each", "req/s", 0), ("CPU", "us/req", 1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=512)
    parser.add_argument("--dialect", choices=["native", "vproxy"], default="native")
    parser.add_argument("--peer", choices=["kcptun", "none"], default="kcptun")
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement of requests")
    parser.add_argument("--only", choices=["tunnel", "web"], help="leave the other half out: bulk and Python's round trips, or those of wrk")
    parser.add_argument("--idle", type=int, default=0, metavar="SECONDS")
    parser.add_argument("--node", default=NODE, help="the tcpproxy to measure")
    options = parser.parse_args()
    kinds = {"tcpproxy": lambda target: Ours(target, options)}
    if options.peer == "kcptun":
        if shutil.which("kcptun-client"):
            kinds["kcptun"] = Kcptun
        else:
            print("kcptun is not installed (apt-get install kcptun): measuring tcpproxy alone")
    if options.only != "web":
        measure_tunnel(kinds, options)
    if options.only != "tunnel":
        if shutil.which("wrk") and shutil.which("nginx"):
            measure_web(kinds, options)
        else:
            print("wrk or nginx is not installed: their measurements are left out")


def measure_tunnel(kinds, options):
    target = serve(source_or_echo)
    print(f"direct, 1 connection: p50 {requests(Direct(target), 1, 2)[2]:.3f} ms")

    def warm_up(subject):
        bulk(subject, 64)
        requests(subject, 8, 1)

    def measure(subject):
        return (*bulk(subject, options.megabytes), *requests(subject, 1, options.seconds), *requests(subject, 64, options.seconds))

    compare(kinds, target, options, warm_up, measure, TUNNEL_COLUMNS)


def measure_web(kinds, options):
    web = Web()
    try:
        compare(
            kinds, web.port, options,
            lambda subject: (web_requests(subject, 2, False), web_requests(subject, 3, True)),
            lambda subject: (*web_requests(subject, options.seconds, False), *web_requests(subject, options.seconds, True)),
            WEB_COLUMNS)
    finally:
        web.stop()


def compare(kinds, target, options, warm_up, measure, columns):
    subjects = [make(target) for make in kinds.values()]
    results = {subject.name: [] for subject in subjects}
    try:
        for subject in subjects:
            warm_up(subject)
        for number in range(options.rounds):
            for subject in subjects:
                row = measure(subject)
                results[subject.name].append(row)
                print(f"round {number + 1} {subject.name}: " + " ".join(f"{value:.2f}" for value in row), flush=True)
        report(subjects, results, columns)
        print("resident: " + ", ".join(f"{subject.name} {resident_mb(subject.processes):.0f} MB" for subject in subjects))
        if options.idle:
            idle(subjects[0], options.idle)
    finally:
        for subject in subjects:
            for process in subject.processes:
                process.kill()


if __name__ == "__main__":
    sys.exit(main())

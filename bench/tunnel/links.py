#!/usr/bin/env python3
"""Goodput of a sealed TcpProxy tunnel over slow and lossy links, beside kcptun, on this machine.

    bench/tunnel/links.py [--seconds N] [--links NAME,...] [--subjects tcpproxy,kcptun] [--two | --requests]

The link is bench/Proxy.Link.Bench: delay each way, rate, and loss behind the bottleneck. The first seconds are left out. What a link carries is
rate x (1 - loss) x payload / (datagram + 28). Waste is UDP payload sent / (goodput / (1 - loss) x datagram/payload); 1.1 is the aim.
--two: two tunnels of one kind share the link; Jain's index of their goodputs is printed.
--requests: 8 connections say 300 bytes and wait for them again and again while a download fills the same tunnel; how long that takes, in milliseconds
and in round trips of the link. Default links then: 50 ms at 0 and 2 %.
Build first: dotnet build -c Release. kcptun: apt-get install kcptun. Everything stays on 127.0.0.1.
"""
import argparse, json, os, signal, socket, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NODE = os.environ.get("PROXY_NODE_EXECUTABLE") or os.path.join(ROOT, "artifacts/bin/Proxy.Node/release/tcpproxy")
LINK = os.path.join(ROOT, "artifacts/bin/Proxy.Link.Bench/release/Proxy.Link.Bench.dll")
EFFICIENCY = 0.935  # payload / (datagram + 28), ours and kcptun's alike
START_SECONDS = 4

# name: megabits per second, round trip in ms, loss
LINKS = {
    "200M-50ms-0": (200, 50, 0.0),
    "200M-50ms-1": (200, 50, 0.01),
    "200M-50ms-5": (200, 50, 0.05),
    "200M-100ms-10": (200, 100, 0.10),
    "20M-200ms-3": (20, 200, 0.03),
    "50M-20ms-2": (50, 20, 0.02),
    "5M-300ms-1": (5, 300, 0.01),
}
REQUEST_LINKS = {
    "100M-50ms-0": (100, 50, 0.0),
    "100M-50ms-2": (100, 50, 0.02),
}
REQUEST_CONNECTIONS, REQUEST_BYTES = 8, 300
DOWNLOAD, ECHO = b"D", b"E"


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def source(host="127.0.0.1", congestion=None):
    """A server that is told by one byte what to do: send zeros for as long as somebody takes them, or what it is sent."""
    listener = socket.create_server((host, 0))
    if congestion:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, congestion.encode())

    def serve(connection):
        block = bytes(1 << 18)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if connection.recv(1) == DOWNLOAD:
                while True:
                    connection.sendall(block)
            while data := connection.recv(1 << 16):
                connection.sendall(data)
        except OSError:
            pass
        connection.close()

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def start(command, **more):
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, text=True, **more)


def start_node(*arguments, prefix=()):
    process = start([*prefix, NODE, *arguments, "--admin", "127.0.0.1:0"], stdout=subprocess.PIPE)
    urls = {}
    for line in process.stdout:
        if line.strip() == "ready":
            return process, urls
        url = line.split()[1]
        urls.setdefault(url.split(":")[0], url.split("//")[1])
    raise SystemExit(f"tcpproxy {arguments[0]} did not start")


def start_link(target, megabits, round_trip, loss):
    port = free_port(socket.SOCK_DGRAM)
    process = start(["dotnet", LINK, f"127.0.0.1:{port}", target, f"delay={round_trip / 2}", f"rate={megabits}", f"loss={loss}"], stdout=subprocess.PIPE)
    assert process.stdout.readline().strip() == "ready"
    return process, port


def tcpproxy(target, link, count, key):
    server, urls = start_node("server", "--listen", "kcp://127.0.0.1:0", "--key-file", key, "--allow-destination", "127.0.0.0/8")
    carrier, port = start_link(urls["kcp"], *link)
    clients = [start_node("client", "--server", f"kcp://127.0.0.1:{port}", "--key-file", key, "--forward", f"127.0.0.1:0=127.0.0.1:{target}")
               for _ in range(count)]
    return carrier, [server, *(client for client, _ in clients)], [int(urls["tcp"].rsplit(":", 1)[1]) for _, urls in clients]


def kcptun(target, link, count, key):
    options = ["-mode", "fast3", "-crypt", "none", "-nocomp", "-datashard", "0", "-parityshard", "0", "-sndwnd", "4096", "-rcvwnd", "4096"]
    udp = free_port(socket.SOCK_DGRAM)
    server = start(["kcptun-server", "-l", f"127.0.0.1:{udp}", "-t", f"127.0.0.1:{target}", *options], stdout=subprocess.DEVNULL)
    carrier, port = start_link(f"127.0.0.1:{udp}", *link)
    ports = [free_port(socket.SOCK_STREAM) for _ in range(count)]
    clients = [start(["kcptun-client", "-l", f"127.0.0.1:{tcp}", "-r", f"127.0.0.1:{port}", *options], stdout=subprocess.DEVNULL) for tcp in ports]
    for tcp in ports:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", tcp)).close()
                break
            except OSError:
                time.sleep(0.05)
    return carrier, [server, *clients], ports


def connect(port, wish, host="127.0.0.1"):
    connection = socket.create_connection((host, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(wish)
    return connection


def take(connection, seconds, results, index):
    with connection:
        buffer, count, begin = bytearray(1 << 18), 0, time.monotonic() + START_SECONDS
        connection.settimeout(10)
        while (now := time.monotonic()) < begin + seconds:
            read = connection.recv_into(buffer)
            count += read if now >= begin else 0
        results[index] = count / seconds / 1e6


def request(port, seconds, times):
    with connect(port, ECHO) as connection:
        block, begin = bytes(REQUEST_BYTES), time.monotonic() + START_SECONDS
        while (sent := time.monotonic()) < begin + seconds:
            connection.sendall(block)
            left = REQUEST_BYTES
            while left > 0:
                left -= len(connection.recv(left)) or sys.exit("a request was not answered")
            if sent >= begin:
                times.append((time.monotonic() - sent) * 1e3)


def measure_requests(subject, link, seconds, key):
    """Milliseconds of each request, in order of size, and the goodput of the download beside them."""
    carrier, processes, (port,) = subject(source(), link, 1, key)
    try:
        times, goodput = [], [0.0]
        threads = [threading.Thread(target=request, args=(port, seconds, times)) for _ in range(REQUEST_CONNECTIONS)]
        threads.append(threading.Thread(target=take, args=(connect(port, DOWNLOAD), seconds, goodput, 0)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(times), goodput[0]
    finally:
        for process in [carrier, *processes]:
            process.kill()


def show_requests(options, key):
    print(f"{'link':14} {'subject':9} {'requests':>8} {'p50 ms':>8} {'p99 ms':>8} {'p99/round trip':>14} {'beside MB/s':>11}")
    for name in options.links.split(",") if options.links else REQUEST_LINKS:
        link = {**LINKS, **REQUEST_LINKS}[name]
        for subject in options.subjects.split(","):
            times, goodput = measure_requests(globals()[subject], link, options.seconds, key)
            p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
            print(f"{name:14} {subject:9} {len(times):8} {p50:8.1f} {p99:8.1f} {p99 / link[1]:14.2f} {goodput:11.2f}", flush=True)


def measure(subject, link, seconds, count, key):
    target = source()
    carrier, processes, ports = subject(target, link, count, key)
    try:
        results = [0.0] * count
        threads = [threading.Thread(target=take, args=(connect(port, DOWNLOAD), seconds, results, index)) for index, port in enumerate(ports)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        carrier.send_signal(signal.SIGTERM)
        sent = json.loads(carrier.stdout.readline())["down"]
        return results, sent
    finally:
        for process in [carrier, *processes]:
            process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--links", help="default: " + ",".join(LINKS))
    parser.add_argument("--subjects", default="tcpproxy,kcptun")
    parser.add_argument("--two", action="store_true")
    parser.add_argument("--requests", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        key = os.path.join(folder, "key")
        subprocess.run([NODE, "keygen", "--out", key], check=True, stdout=subprocess.DEVNULL)
        if options.requests:
            return show_requests(options, key)
        print(f"{'link':14} {'carries':>8} " + " ".join(f"{name:>9} {'share':>6} {'waste':>6}" for name in options.subjects.split(",")))
        for name in options.links.split(",") if options.links else LINKS:
            link = LINKS[name]
            carries = link[0] / 8 * (1 - link[2]) * EFFICIENCY
            cells = []
            for subject in options.subjects.split(","):
                goodputs, sent = measure(globals()[subject], link, options.seconds, 2 if options.two else 1, key)
                total = sum(goodputs)
                # Sent while the start-up lasted too, so the share of the time that was measured is taken.
                used = sent["bytes"] / 1e6 / (options.seconds + START_SECONDS)
                waste = used / (total / (1 - link[2]) * 1.05) if total else 0
                cells.append(f"{total:9.2f} {total / carries:6.2f} {waste:6.2f}")
                if options.two:
                    jain = total ** 2 / (2 * sum(value ** 2 for value in goodputs)) if total else 0
                    cells[-1] += f" Jain {jain:.3f}"
            print(f"{name:14} {carries:8.2f} " + " ".join(cells), flush=True)


if __name__ == "__main__":
    sys.exit(main())

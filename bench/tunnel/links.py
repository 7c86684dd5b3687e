#!/usr/bin/env python3
"""Goodput of a sealed TcpProxy tunnel over slow and lossy links, beside kcptun, on this machine.

    bench/tunnel/links.py [--seconds N] [--links NAME,...] [--subjects tcpproxy,kcptun] [--two]

The link is bench/Proxy.Link.Bench: delay each way, rate, and loss behind the bottleneck. The first seconds are left out. What a link carries is
rate x (1 - loss) x payload / (datagram + 28). Waste is UDP payload sent / (goodput / (1 - loss) x datagram/payload); 1.1 is the aim.
--two: two tunnels of one kind share the link; Jain's index of their goodputs is printed.
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


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def source():
    """A server that sends zeros for as long as somebody takes them."""
    listener = socket.create_server(("127.0.0.1", 0))

    def send(connection):
        block = bytes(1 << 18)
        try:
            while True:
                connection.sendall(block)
        except OSError:
            connection.close()

    def accept():
        while True:
            threading.Thread(target=send, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def start(command, **more):
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, text=True, **more)


def start_node(*arguments):
    process = start([NODE, *arguments, "--admin", "127.0.0.1:0"], stdout=subprocess.PIPE)
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


def take(port, seconds, results, index):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        buffer, count, begin = bytearray(1 << 18), 0, time.monotonic() + START_SECONDS
        connection.settimeout(10)
        while (now := time.monotonic()) < begin + seconds:
            read = connection.recv_into(buffer)
            count += read if now >= begin else 0
        results[index] = count / seconds / 1e6


def measure(subject, link, seconds, count, key):
    target = source()
    carrier, processes, ports = subject(target, link, count, key)
    try:
        results = [0.0] * count
        threads = [threading.Thread(target=take, args=(port, seconds, results, index)) for index, port in enumerate(ports)]
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
    parser.add_argument("--links", default=",".join(LINKS))
    parser.add_argument("--subjects", default="tcpproxy,kcptun")
    parser.add_argument("--two", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        key = os.path.join(folder, "key")
        subprocess.run([NODE, "keygen", "--out", key], check=True, stdout=subprocess.DEVNULL)
        print(f"{'link':14} {'carries':>8} " + " ".join(f"{name:>9} {'share':>6} {'waste':>6}" for name in options.subjects.split(",")))
        for name in options.links.split(","):
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

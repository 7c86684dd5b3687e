#!/usr/bin/env python3
"""What each worker adds: a seed, one to four workers, four clients, and the same load for each worker.

    bench/cluster/workers.py [--rate MB/s] [--streams N] [--seconds N] [--node PATH] [--seed PATH]

Every client keeps a tunnel to each worker; for each worker there are N streams, which together move RATE, spread over the clients: so a tunnel carries the same
however many workers there are. The rate is held below what the machine can do (CPU below 70 % of it), as processes that wait for a core cost more. Shown are bytes a second of all, how they
are spread over the workers, and CPU seconds per GB of the workers and of the clients, from /proc/PID/stat. Everything stays on 127.0.0.1.
Build first: dotnet build -c Release.
"""
import argparse, base64, json, os, socket, subprocess, sys, tempfile, threading, time, urllib.request

CHUNK = 16384
CLIENTS = 4


def cpu(process):
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine():
    with open("/proc/stat") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    return sum(fields), fields[3] + fields[4]


def source(rate):
    """Sends to each connection at the rate, in a process of its own."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = listener.getsockname()[1]
    if os.fork() == 0:
        connections, block, due = [], bytes(CHUNK), time.monotonic()
        listener.setblocking(False)
        while True:
            try:
                while True:
                    connection, _ = listener.accept()
                    connection.setblocking(True)
                    connections.append(connection)
            except BlockingIOError:
                pass
            for connection in list(connections):
                try:
                    connection.sendall(block)
                except OSError:
                    connections.remove(connection)
            due += CHUNK / rate
            time.sleep(max(0, due - time.monotonic()))
            due = max(due, time.monotonic() - 0.1)
    listener.close()
    return port


def sink(port, streams, counts, number):
    """Reads all of one client's streams, in a process of its own; counts come by a pipe each second."""
    import select
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(streams)]
    poll = select.epoll()
    by_descriptor = {}
    for one in sockets:
        one.setblocking(False)
        poll.register(one.fileno(), select.EPOLLIN)
        by_descriptor[one.fileno()] = one
    total, buffer = 0, bytearray(1 << 18)
    told = time.monotonic()
    while True:
        for descriptor, _ in poll.poll(0.2):
            try:
                total += by_descriptor[descriptor].recv_into(buffer)
            except BlockingIOError:
                pass
        if time.monotonic() - told > 0.2:
            told = time.monotonic()
            os.write(counts, f"{number} {total}\n".encode())


class Cluster:
    def __init__(self, arguments, workers):
        self.arguments, self.processes, self.children = arguments, [], []
        self.folder = tempfile.TemporaryDirectory()
        self.environment = dict(os.environ, TCPPROXY_KEY=base64.b64encode(bytes(range(32))).decode(), XDG_STATE_HOME=self.folder.name)
        with socket.create_server(("127.0.0.1", 0)) as free:
            engine = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.start(arguments.seed_program, "--listen", engine)
        self.port = source(arguments.rate * 1e6 / arguments.streams)
        self.workers, self.clients = [], []
        for number in range(workers):
            state = os.path.join(self.folder.name, f"worker-{number}")
            os.mkdir(state)
            self.workers.append(self.start(
                arguments.node, "server", "--cluster", engine, "--name", f"worker-{number}", "--state-dir", state, "--listen", "kcp://127.0.0.1:0",
                "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0"))
        for number in range(CLIENTS):
            self.clients.append(self.start(
                arguments.node, "client", "--cluster", engine, "--cluster-servers", "4", "--name", f"client-{number}", "--forward",
                f"127.0.0.1:0=127.0.0.1:{self.port}", "--admin", "127.0.0.1:0"))
        for _, urls in self.clients:
            while sum(tunnel["state"] == "ready" for tunnel in self.status(urls)["tunnels"]) < workers:
                time.sleep(0.1)
        # All of a new server's part is its own after ten seconds.
        time.sleep(11)

    def start(self, program, *arguments):
        process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.environment)
        self.processes.append(process)
        urls = {}
        for line in process.stdout:
            if line.strip() == "ready":
                return process, urls
            url = line.split()[1]
            urls.setdefault(url.split(":")[0], url)
        raise SystemExit(f"{program} {arguments[0]} did not start")

    def status(self, urls):
        with urllib.request.urlopen(urls["http"] + "/status", timeout=10) as answer:
            return json.load(answer)

    def measure(self):
        totals, reading, writing = {}, *os.pipe()
        for number, (_, urls) in enumerate(self.clients):
            port = int(urls["tcp"].rsplit(":", 1)[1])
            child = os.fork()
            if child == 0:
                sink(port, self.arguments.streams * len(self.workers) // CLIENTS, writing, number)
            self.children.append(child)

        def read():
            for line in os.fdopen(reading):
                number, total = line.split()
                totals[number] = int(total)

        threading.Thread(target=read, daemon=True).start()
        time.sleep(4)

        def snapshot():
            return (sum(totals.values()), [cpu(worker) for worker, _ in self.workers], [cpu(client) for client, _ in self.clients], machine(), time.monotonic())

        before = snapshot()
        time.sleep(self.arguments.seconds)
        after = snapshot()
        streams = [self.status(urls)["streams"]["active"] for _, urls in self.workers]
        gigabytes = (after[0] - before[0]) / 1e9
        whole, idle = after[3][0] - before[3][0], after[3][1] - before[3][1]
        return (gigabytes * 1000 / (after[4] - before[4]), streams, (sum(after[1]) - sum(before[1])) / gigabytes, (sum(after[2]) - sum(before[2])) / gigabytes, 1 - idle / whole)

    def stop(self):
        for child in self.children:
            os.kill(child, 9)
            os.waitpid(child, 0)
        for process in self.processes:
            process.kill()
            process.wait()
        subprocess.run(["pkill", "-9", "-P", str(os.getpid())], check=False)
        self.folder.cleanup()


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "artifacts", "bin")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=10, help="MB/s for each worker")
    parser.add_argument("--streams", type=int, default=40, help="for each worker")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--node", default=os.path.join(root, "Proxy.Node", "release", "tcpproxy"))
    parser.add_argument("--seed", dest="seed_program", default=os.path.join(root, "Proxy.Seed", "release", "tcpproxy-seed"))
    arguments = parser.parse_args()
    print("workers   MB/s   a worker   streams by worker        CPU s/GB: workers  clients   machine busy")
    for workers in range(1, 5):
        cluster = Cluster(arguments, workers)
        try:
            rate, streams, of_workers, of_clients, busy = cluster.measure()
            print(f"{workers:7}  {rate:5.1f}  {rate / workers:9.1f}   {' '.join(map(str, streams)):22}  {of_workers:17.2f}  {of_clients:7.2f}   {100 * busy:10.0f} %", flush=True)
        finally:
            cluster.stop()


if __name__ == "__main__":
    sys.exit(main())

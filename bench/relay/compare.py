#!/usr/bin/env python3
"""Relays side by side with HAProxy on loopback, in one interleaved run.

  compare.py [--rounds 5] [--seconds 3] [--loads bulk1,bulk8,keep,close] NAME='COMMAND with {listen} and {to}' ...

Each relay is started twice: before an iperf3 server (bulk with 1 and 8 connections) and before an nginx that answers two bytes
(64 connections kept alive; 64 at a time with a connection per request, both by wrk). CPU is user + system of the relay process
alone, from /proc/PID/stat. A ratio is the median over the rounds of relay / HAProxy of the same round; below 1 is cheaper.
Needs haproxy, iperf3, wrk and nginx (Debian packages of these names).
"""
import argparse, contextlib, json, os, re, shlex, signal, socket, statistics, subprocess, sys, tempfile, time

TICKS = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 64


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def cpu_seconds(process):
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Bench:
    def __init__(self, folder):
        self.folder, self.processes = folder, []

    def start(self, command, port):
        process = subprocess.Popen(shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
        self.processes.append(process)
        await_port(port)
        return process

    def stop(self):
        for process in self.processes:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def start_servers(self):
        self.bulk, self.http = free_port(), free_port()
        conf = self.write("nginx.conf", f"""
            daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log /dev/null;
            events {{ worker_connections 4096; }}
            http {{ access_log off; keepalive_requests 1000000000;
                    server {{ listen 127.0.0.1:{self.http} backlog=4096; location / {{ return 200 ok; }} }} }}""")
        self.start(f"nginx -p {self.folder} -c {conf}", self.http)
        self.start(f"iperf3 -s -B 127.0.0.1 -p {self.bulk}", self.bulk)

    def haproxy_command(self, maximum=4000):
        return f"{sys.executable} {os.path.abspath(__file__)} --haproxy {{listen}} {{to}} {self.folder} {maximum}"

    def start_relay(self, command):
        relay = {}
        for kind, target in (("bulk", self.bulk), ("http", self.http)):
            port = free_port()
            process = self.start(command.format(listen=f"127.0.0.1:{port}", to=f"127.0.0.1:{target}"), port)
            relay[kind] = (process, port)
        return relay


def run_haproxy(listen, to, folder, maximum):
    """Writes a configuration and becomes HAProxy, so that the process measured is HAProxy itself."""
    path = os.path.join(folder, f"haproxy-{listen}.cfg")
    with open(path, "w") as file:
        file.write(f"""
global
  nbthread 2
  maxconn {maximum}
defaults
  mode tcp
  option splice-auto
  timeout connect 5s
  timeout client 10m
  timeout server 10m
listen relay
  bind {listen}
  server target {to}
""")
    os.execvp("haproxy", ["haproxy", "-q", "-db", "-f", path])


def run_bulk(relay, seconds, streams):
    process, port = relay["bulk"]
    for _ in range(5):
        before = cpu_seconds(process)
        out = subprocess.run(["iperf3", "-J", "-c", "127.0.0.1", "-p", str(port), "-t", str(seconds), "-P", str(streams)],
                             capture_output=True, text=True, timeout=seconds + 30).stdout
        result = json.loads(out)
        if "error" not in result:
            moved = result["end"]["sum_received"]["bytes"]
            return {"cpu": (cpu_seconds(process) - before) / (moved / 1e9), "rate": moved / 1e6 / seconds}
        # Most often the server still works on the end of the run before.
        print(f"  iperf3 at port {port}: {result['error']}", file=sys.stderr)
        time.sleep(1)
    sys.exit("iperf3 fails again and again")


def run_requests(relay, seconds, is_closing):
    process, port = relay["http"]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"http://127.0.0.1:{port}/"]
    command += ["-H", "Connection: close"] if is_closing else []
    before = cpu_seconds(process)
    out = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30).stdout
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    if re.search(r"Socket errors|Non-2xx", out):
        print(f"  errors: {re.search(r'(Socket errors|Non-2xx).*', out).group(0)}", file=sys.stderr)
    return {"cpu": (cpu_seconds(process) - before) / requests * 1e6, "rate": requests / seconds}


LOADS = {
    "bulk1": ("CPU s/GB", "MB/s", lambda relay, seconds: run_bulk(relay, seconds, 1)),
    "bulk8": ("CPU s/GB", "MB/s", lambda relay, seconds: run_bulk(relay, seconds, 8)),
    "keep": ("us CPU/request", "requests/s", lambda relay, seconds: run_requests(relay, seconds, False)),
    "close": ("us CPU/request", "requests/s", lambda relay, seconds: run_requests(relay, seconds, True)),
}


def main():
    if sys.argv[1:2] == ["--haproxy"]:
        run_haproxy(*sys.argv[2:6])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("relays", nargs="+", metavar="NAME=COMMAND")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--loads", default=",".join(LOADS))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        bench = Bench(folder)
        try:
            bench.start_servers()
            commands = {"haproxy": bench.haproxy_command(), **dict(relay.split("=", 1) for relay in arguments.relays)}
            relays = {name: bench.start_relay(command) for name, command in commands.items()}
            loads = arguments.loads.split(",")
            for load in loads:
                for relay in relays.values():
                    LOADS[load][2](relay, 2)
            results = {(load, name): [] for load in loads for name in relays}
            for number in range(arguments.rounds):
                print(f"round {number + 1} of {arguments.rounds}, load average {os.getloadavg()[0]:.1f}", file=sys.stderr)
                names = list(relays)
                names = names[number % len(names):] + names[:number % len(names)]
                for load in loads:
                    for name in names:
                        results[load, name].append(LOADS[load][2](relays[name], arguments.seconds))
            report(loads, relays, results)
        finally:
            bench.stop()


def report(loads, relays, results):
    for load in loads:
        print(f"\n{load:8} {'':18} {LOADS[load][0]:>16} {'ratio':>7} {LOADS[load][1]:>14} {'ratio':>7}")
        for name in relays:
            rounds = list(zip(results[load, name], results[load, "haproxy"]))
            cells = []
            for what in ("cpu", "rate"):
                cells.append(statistics.median(mine[what] for mine, _ in rounds))
                cells.append(statistics.median(mine[what] / theirs[what] for mine, theirs in rounds if theirs[what]))
            print(f"{'':8} {name:18} {cells[0]:16.3f} {cells[1]:7.2f} {cells[2]:14.0f} {cells[3]:7.2f}")


if __name__ == "__main__":
    main()

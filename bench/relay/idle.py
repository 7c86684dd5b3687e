#!/usr/bin/env python3
"""Memory of a relay that holds idle connections, beside HAProxy.

  idle.py [--pairs 5000] [--seconds 5] NAME='COMMAND with {listen} and {to}' ...

Opens that many connections through each relay to a server that only accepts, passes a byte each way over each of them, waits, and
prints by how much the relay's resident memory (RssAnon + RssFile, /proc/PID/status) has grown for each pair of connections. Needs
two descriptors for each pair in this process and two in the relay's (ulimit -n).
"""
import argparse, contextlib, resource, select, socket, sys, tempfile, threading, time
import compare


def serve(listener):
    """Answers each byte by itself."""
    poll = select.epoll()
    listener.setblocking(False)
    poll.register(listener, select.EPOLLIN)
    connections = {}
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == listener.fileno():
                connection, _ = listener.accept()
                connections[connection.fileno()] = connection
                poll.register(connection, select.EPOLLIN)
                continue
            received = b""
            with contextlib.suppress(ConnectionError):
                received = connections[descriptor].recv(16)
                connections[descriptor].send(received)
            if not received:
                poll.unregister(descriptor)
                connections.pop(descriptor).close()


def resident_kib(process):
    fields = dict(line.split(":", 1) for line in open(f"/proc/{process.pid}/status") if ":" in line)
    return sum(int(fields[name].split()[0]) for name in ("RssAnon", "RssFile"))


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), 20)
    connection.sendall(b"x")
    if connection.recv(1) != b"x":
        sys.exit("the relay did not give the byte back")
    return connection


def measure(bench, name, command, target, pairs, seconds):
    port = compare.free_port()
    process = bench.start(command.format(listen=f"127.0.0.1:{port}", to=f"127.0.0.1:{target}"), port)
    # Whatever is made once is made before.
    for connection in [connect(port) for _ in range(100)]:
        connection.close()
    time.sleep(seconds)
    before = resident_kib(process)
    connections = [connect(port) for _ in range(pairs)]
    time.sleep(seconds)
    after = resident_kib(process)
    print(f"{name:18} {before / 1024:8.1f} MiB before, {after / 1024:8.1f} MiB with {pairs} pairs: {(after - before) / pairs:6.2f} KiB for each")
    for connection in connections:
        connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("relays", nargs="+", metavar="NAME=COMMAND")
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--seconds", type=int, default=5)
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        bench = compare.Bench(folder)
        try:
            commands = {"haproxy": bench.haproxy_command(maximum=arguments.pairs + 500), **dict(relay.split("=", 1) for relay in arguments.relays)}
            for name, command in commands.items():
                measure(bench, name, command, listener.getsockname()[1], arguments.pairs, arguments.seconds)
        finally:
            bench.stop()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measures the time from the start of a process to its line "ready".

    bench/start/start.py [--frontends N] [--rounds N] PROGRAM

Writes a configuration of N frontends on free ports of 127.0.0.1, starts PROGRAM (./publish.sh makes one file of it) with it again and again, and
shows the least, the median and the greatest time, and the CPU of one start. Beside it the program with one frontend, and `config check` alone, so
that what a frontend costs and what reading costs can be seen. On a busy machine trust the least.
"""
import argparse, os, resource, signal, statistics, subprocess, tempfile, time


def configuration(frontends):
    lines = ['tcpproxy { upstreams { web { servers = ["127.0.0.1:9", "127.0.0.1:10"] } }', "frontends {"]
    for number in range(frontends):
        lines.append(f'  web-{number} {{ listen = "tcp://127.0.0.1:0", upstream = web, limits {{ connections = 1000, per-ip = 100 }}, timeouts {{ idle = 10m }} }}')
    return "\n".join(lines + ["} }", ""])


def until_ready(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with process.stdout:
        for line in process.stdout:
            if line == b"ready\n":
                break
        else:
            raise SystemExit(f"{command} ended without saying ready")
        seconds = time.perf_counter() - begin
        process.send_signal(signal.SIGKILL)
    process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def until_end(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - begin, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def show(what, measured):
    seconds, cpu = zip(*measured)
    print(f"{what:34} {min(seconds):6.3f} {statistics.median(seconds):6.3f} {max(seconds):6.3f} s   CPU {min(cpu):5.2f} {statistics.median(cpu):5.2f} s")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--frontends", type=int, default=1000)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("program")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        files = {}
        for count in (1, chosen.frontends):
            files[count] = os.path.join(directory, f"{count}.conf")
            with open(files[count], "w") as file:
                file.write(configuration(count))
        print(f"{'':34}  least median greatest     least median")
        kinds = [
            ("--version", lambda: until_end([chosen.program, "--version"])),
            ("ready with 1 frontend", lambda: until_ready([chosen.program, "run", "-c", files[1], "--admin", "127.0.0.1:0"])),
            (f"config check of {chosen.frontends}", lambda: until_end([chosen.program, "config", "check", "-c", files[chosen.frontends]])),
            (f"ready with {chosen.frontends} frontends", lambda: until_ready([chosen.program, "run", "-c", files[chosen.frontends], "--admin", "127.0.0.1:0"])),
        ]
        measured = [[] for _ in kinds]
        for _ in range(chosen.rounds):
            for (_, measure), results in zip(kinds, measured):
                results.append(measure())
        for (what, _), results in zip(kinds, measured):
            show(what, results)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The seven-step process through ours and the peers, with HTTP in the path of all.

    tests/lib/pg.sh python3 bench/peers_sides.py build-bench [--quick]

is what bench/run calls; bench/peers/install must have run. Every side is started once; a first pass finds each one's best
number of connections, then the sides take turns. Prints JSON.
"""
import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "peers")
RESTATE = os.path.join(PEERS, "node_modules/@restatedev/restate-server-linux-x64/bin/restate-server")
TASKS = 7
WORKERS = 256  # of our server on SQLite: as many cases under way as connections; on PostgreSQL each one needs a connection there


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(method, url, body=None):
    data = json.dumps(body or {}).encode() if method == "POST" else None
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method, headers=headers), timeout=60) as answer:
        return json.loads(answer.read() or b"null")


class Side:
    """A server that prints its port and ends with its standard input."""

    name, durable, path, script = "", True, "/case", "case.lua"
    connections = (8, 32)

    def start(self, stack, directory):
        raise NotImplementedError

    def launch(self, stack, command, **more):
        log = stack.enter_context(open(os.path.join(self.directory, "log"), "w", encoding="utf-8"))
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, **more)
        stack.callback(self.end, process)
        line = process.stdout.readline().strip()
        if not line:
            with open(log.name, encoding="utf-8") as text:
                raise SystemExit(f"{self.name} did not start: {text.read()[-2000:]}")
        return int(line)

    @staticmethod
    def end(process):
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def begin(self, stack, directory):
        self.directory = os.path.join(directory, re.sub(r"\W+", "-", self.name))
        os.mkdir(self.directory)
        self.url = self.start(stack)
        answer = ask("POST", self.url + "/case")
        if answer != {"tasks": TASKS}:
            raise SystemExit(f"{self.name} answers {answer}")

    def run(self, connections, seconds):
        """Tasks a second, and the latency of a request in milliseconds."""
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "--latency", "-s", os.path.join(PEERS, self.script),
                   self.url + self.path]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        if "Non-2xx" in text or "Socket errors" in text:
            raise SystemExit(f"{self.name}: {text}")
        elapsed = re.search(r"requests in ([\d.]+)(s|m)", text)
        elapsed = float(elapsed[1]) * (60 if elapsed[2] == "m" else 1)
        latency = {q: float(v) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]
                   for q, v, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s|m)", text)}
        counted = re.search(r"counted: submitted \d+ tasks (\d+)", text)
        tasks = int(counted[1]) if counted else TASKS * int(re.search(r"(\d+) requests in", text)[1])
        if not tasks:
            if seconds > 60:
                raise SystemExit(f"{self.name} ended no case in {elapsed} s: {text}")
            return self.run(connections, 4 * seconds)  # on a machine that is busy with other things
        time.sleep(0.5 + latency["50"] / 1000)  # what was under way when the clock ran out ends before the next side begins
        # Half of it counts, or slow sides would lose by short runs.
        return tasks / (elapsed - latency["50"] / 2000), latency["50"], latency["99"]


class Ours(Side):
    connections = (64, 256)

    def __init__(self, build, store=None, step_by_step=False):
        self.program, self.store, self.steps = os.path.join(build, "bench/case_server"), store, step_by_step
        self.name = "onevisit on " + ("PostgreSQL" if store else "SQLite") + (", a request a task" if step_by_step else "")
        if step_by_step:
            self.path, self.script = "/cases", "steps.lua"
        self.workers = 40 if store else WORKERS
        if store:
            self.connections = (32,)

    def start(self, stack):
        command = [self.program, "--dir", self.directory, "--workers", str(self.workers)] + (["--store", self.store] if self.store else [])
        return f"http://127.0.0.1:{self.launch(stack, command)}"

    def count(self):
        return ask("GET", self.url + "/count")


class Bpmn(Side):
    name, durable = "bpmn-engine, two processes, keeps nothing", False
    connections = (4, 16)

    def start(self, stack):
        return f"http://127.0.0.1:{self.launch(stack, ['node', os.path.join(PEERS, 'bpmn.mjs'), '2'])}"


class OnPostgres(Side):
    def database(self, name):
        subprocess.run(["psql", "-q", self.cluster, "-c", f"CREATE DATABASE {name}"], check=True)
        return self.cluster.rsplit("/", 1)[0] + "/" + name


class Dbos(OnPostgres):
    def __init__(self, cluster, processes):
        self.cluster, self.processes = cluster, processes
        self.name = f"DBOS on PostgreSQL, {processes} process" + ("es" if processes > 1 else "")

    def start(self, stack):
        url = self.database(f"dbos_{self.processes}")
        return f"http://127.0.0.1:{self.launch(stack, ['node', '--no-deprecation', os.path.join(PEERS, 'dbos.mjs'), url, str(self.processes)])}"


class Flowable(OnPostgres):
    def __init__(self, cluster, history):
        self.cluster, self.history = cluster, history
        self.name = f"Flowable on PostgreSQL, history {history}"

    def start(self, stack):
        address = self.database(f"flowable_{self.history}").split("://", 1)[1]
        user, place = address.split("@")
        classes = ":".join(os.path.join(PEERS, "flowable/target", part) for part in ("classes", "lib/*"))
        command = ["java", "-Xmx1g", "-Dsun.net.httpserver.nodelay=true", "-cp", classes, "FlowableSide", f"jdbc:postgresql://{place}?user={user}",
                   self.history]
        return f"http://127.0.0.1:{self.launch(stack, command)}"


class Restate(Side):
    name = "Restate, one node"
    connections = (32, 128)

    def start(self, stack):
        ingress, admin, node = free_port(), free_port(), free_port()
        settings = os.path.join(self.directory, "restate.toml")
        with open(settings, "w", encoding="utf-8") as out:
            out.write(f'disable-telemetry = true\nlisten-mode = "tcp"\nbind-address = "127.0.0.1:{node}"\nlog-filter = "error"\n'
                      f'default-num-partitions = 4\n[ingress]\nbind-address = "127.0.0.1:{ingress}"\n'
                      f'[admin]\nbind-address = "127.0.0.1:{admin}"\n')
        service = self.launch(stack, ["node", os.path.join(PEERS, "restate.mjs")])
        log = stack.enter_context(open(os.path.join(self.directory, "server.log"), "w", encoding="utf-8"))
        server = subprocess.Popen([RESTATE, "--no-logo", "-c", settings, "--base-dir", os.path.join(self.directory, "data")],
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        stack.callback(server.wait)
        stack.callback(server.send_signal, signal.SIGTERM)
        self.register(f"http://127.0.0.1:{admin}", f"http://127.0.0.1:{service}")
        self.path = "/Case/run"
        return f"http://127.0.0.1:{ingress}"

    @staticmethod
    def register(admin, service):
        for attempt in range(120):
            try:
                ask("POST", admin + "/deployments", {"uri": service})
                return
            except OSError:
                time.sleep(0.5)
        raise SystemExit("Restate did not take the service")

    def begin(self, stack, directory):
        self.directory = os.path.join(directory, "restate")
        os.mkdir(self.directory)
        self.url = self.start(stack)
        for attempt in range(20):
            with contextlib.suppress(OSError):
                if ask("POST", self.url + self.path) == {"tasks": TASKS}:
                    return
            time.sleep(0.5)
        raise SystemExit("Restate does not run a case")


def sides_of(build, cluster, quick):
    sides = [Ours(build), Ours(build, step_by_step=True)]
    if cluster:
        sides.append(Ours(build, cluster))
    if os.path.exists(RESTATE):
        sides += [Bpmn(), Restate()]
        if cluster:
            sides += [Dbos(cluster, 1)] + ([] if quick else [Dbos(cluster, 2)])
    if cluster and os.path.exists(os.path.join(PEERS, "flowable/target/classes")):
        sides += [Flowable(cluster, "audit"), Flowable(cluster, "none")]
    return sides


def measure(sides, seconds, rounds):
    results = []
    for side in sides:
        print("warming, sweeping:", side.name, file=sys.stderr)
        side.run(side.connections[-1], max(1, seconds // 2))
        tried = {c: side.run(c, seconds)[0] for c in side.connections}
        enough = 0.95 * max(tried.values())  # of two that do as much, the one that keeps fewer waiting
        results.append({"name": side.name, "durable": side.durable, "connections": min(c for c in tried if tried[c] >= enough), "runs": []})
    for i in range(rounds):
        print(f"round {i + 1} of {rounds}", file=sys.stderr)
        for side, result in zip(sides, results):
            result["runs"].append(side.run(result["connections"], seconds))
    first = results[0]["runs"]
    for result in results:
        result["tasks_per_second"], result["p50_ms"], result["p99_ms"] = (statistics.median(column) for column in zip(*result["runs"]))
        result["least"], result["most"] = min(r[0] for r in result["runs"]), max(r[0] for r in result["runs"])
        result["ours_to_it"] = statistics.median(ours[0] / its[0] for ours, its in zip(first, result["runs"]))
    return results


def check(side):
    """No acknowledged case is missing from the store."""
    held = side.count()
    if held["events"] < 9 * held["closed"] or held["closed"] == 0:
        raise SystemExit(f"{side.name}: the store holds {held}")
    return held


def table(results):
    if not results:
        return "The peers are not installed (bench/peers/install): left out."
    lines = ["| seven-step process, HTTP in the path | connections | tasks/s | least–most | request p50 / p99 ms | **ours ÷ it** |",
             "|---|---|---|---|---|---|"]
    for r in results:
        lines.append(f"| {r['name']} | {r['connections']} | {r['tasks_per_second']:,.0f} | {r['least']:,.0f}–{r['most']:,.0f}"
                     f" | {r['p50_ms']:,.1f} / {r['p99_ms']:,.1f} | **{r['ours_to_it']:,.1f}** |")
    return "\n".join(lines)


def installed():
    return os.path.exists(RESTATE)


def run(build, quick, root):
    """From bench/run: in a cluster of its own, with memory and WAL as a server would have them."""
    if not shutil.which("wrk"):
        return []
    environment = dict(os.environ, ONEVISIT_TEST_POSTGRES_OPTIONS="-c shared_buffers=1GB -c max_wal_size=4GB -c max_connections=200")
    command = [os.path.join(root, "tests/lib/pg.sh"), sys.executable, os.path.abspath(__file__), build] + (["--quick"] if quick else [])
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--quick", action="store_true", help="runs of two seconds instead of ten")
    parser.add_argument("--table", action="store_true", help="Markdown instead of JSON")
    options = parser.parse_args()
    cluster = os.environ.get("ONEVISIT_TEST_POSTGRES")
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(dir=options.build))
        sides = sides_of(options.build, cluster, options.quick)
        for side in sides:
            print("starting:", side.name, file=sys.stderr)
            side.begin(stack, directory)
        results = measure(sides, 2 if options.quick else 10, 5)
        for side, result in zip(sides, results):
            if isinstance(side, Ours):
                result["held"] = check(side)
    print(table(results) if options.table else json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

"""The servers of the HTTP benchmark: the real web room, the real program, and libmicrohttpd answering the same bytes from memory."""
import contextlib
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request

HTML, JSON = "text/html; charset=utf-8", "application/json"
PATHS = {"/kit": HTML, "/api/cases/17": JSON}  # of page_server
SERVED = {"/": HTML, "/things/open-a-restaurant": HTML, "/progress": HTML, "/api/things/open-a-restaurant": JSON}  # of onevisit serve
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Sides:
    """real: page_server; served: onevisit serve, where a program is given; bare: both's answers, from memory."""

    def __init__(self, page_server, bare_mhd, directory, threads, onevisit=None):
        self.programs = page_server, bare_mhd
        self.onevisit = onevisit
        self.directory = directory
        self.threads = str(threads)
        self.running = []
        self.urls = {}
        self.paths = {}

    def __enter__(self):
        page_server, bare_mhd = self.programs
        self._start("real", [page_server, "--dir", self.directory, "--threads", self.threads])
        self.paths = {path: ("real", kind) for path, kind in PATHS.items()}
        if self.onevisit:
            service = Service(self.onevisit, self.directory)
            self.running.append(service)
            self.urls["served"] = service.url
            self.paths.update({path: ("served", kind) for path, kind in SERVED.items()})
        answers = []
        for i, (path, (side, kind)) in enumerate(self.paths.items()):
            file = os.path.join(self.directory, f"answer{i}")
            with open(file, "wb") as out:
                out.write(self.get(side, path))
            answers.append(f"{path}={file}={kind}")
        self._start("bare", [bare_mhd, "--threads", self.threads, *answers])
        return self

    def __exit__(self, *_):
        for process in self.running:
            if isinstance(process, Service):
                process.stop()
            else:
                process.stdin.close()
                process.wait()

    def _start(self, side, command):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.running.append(process)
        port = process.stdout.readline().strip()
        if not port:
            raise SystemExit(f"{command[0]} did not start")
        self.urls[side] = f"http://127.0.0.1:{port}"

    def get(self, side, path):
        with urllib.request.urlopen(self.urls[side] + path) as answer:
            return answer.read()


class Service:
    """onevisit serve with the sample city, in a directory; started again it finds its store."""

    def __init__(self, onevisit, directory):
        catalog, proof = os.path.join(ROOT, "catalogs/ningbo"), os.path.join(directory, "proof.json")
        if not os.path.exists(proof):
            subprocess.run([onevisit, "check", catalog, "--publish", "--proof", proof], check=True, stdout=subprocess.DEVNULL)
        self.log = os.path.join(directory, "serve.log")
        with open(self.log, "w", encoding="utf-8") as log:
            began = time.monotonic()
            self.process = subprocess.Popen(
                [onevisit, "serve", "--sample", "--store", f"sqlite:{directory}/serve.db", "--catalog", catalog, "--proof", proof,
                 "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self.url = f"http://127.0.0.1:{self._port()}"
            urllib.request.urlopen(self.url + "/healthz").read()
            self.start_ms = (time.monotonic() - began) * 1000

    def _port(self):
        while self.process.poll() is None:
            with open(self.log, encoding="utf-8") as log:
                found = re.search(r'"message":"listening".*"port":"(\d+)"', log.read())
            if found:
                return found[1]
            time.sleep(0.001)
        with open(self.log, encoding="utf-8") as log:
            raise SystemExit(f"onevisit serve did not start: {log.read()}")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) / 1000


def wrk(url, seconds, connections, script=None):
    """Requests a second and the 99th percentile in milliseconds; an error in any answer ends the benchmark."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *(["-s", script] if script else []), url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(text)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def measure(build, rounds, seconds, connections):
    """Every page beside the same bytes from memory, in turn."""
    threads = os.cpu_count()
    programs = [os.path.join(build, "bench", name) for name in ("page_server", "bare_mhd")]
    results = []
    with tempfile.TemporaryDirectory(dir=build) as directory, \
            Sides(*programs, directory, threads, os.path.join(build, "onevisit")) as sides:
        for path, (side, _) in sides.paths.items():
            pairs = [[wrk(sides.urls[which] + path, seconds, connections) for which in (side, "bare")] for _ in range(rounds)]
            results.append({
                "path": path,
                "server": "onevisit serve" if side == "served" else "page_server",
                "bytes": len(sides.get(side, path)),
                "connections": connections,
                "threads": threads,
                "real_per_second": statistics.median(real[0] for real, _ in pairs),
                "real_p99_ms": statistics.median(real[1] for real, _ in pairs),
                "bare_per_second": statistics.median(bare[0] for _, bare in pairs),
                "real_to_bare": statistics.median(real[0] / bare[0] for real, bare in pairs),
            })
    return results


def table(results):
    if not results:
        return "wrk is not installed: HTTP is left out."
    lines = [f"| HTTP read, {results[0]['connections']} connections | bytes | answers/s | p99 ms | bare libmicrohttpd/s | **ratio** |",
             "|---|---|---|---|---|---|"]
    for r in results:
        lines.append(f"| {r['path']} ({r['server']}) | {r['bytes']:,} | {r['real_per_second']:,.0f} | {r['real_p99_ms']:.1f}"
                     f" | {r['bare_per_second']:,.0f} | **{100 * r['real_to_bare']:.0f} %** |")
    return "\n".join(lines)


# ---- starting, and starting again after a crash ----


@contextlib.contextmanager
def case_server(build, directory, *arguments):
    """Our side of the peers' process, as a server of its own; how long until it answers."""
    began = time.monotonic()
    process = subprocess.Popen([os.path.join(build, "bench/case_server"), "--dir", directory, *arguments], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
    process.start_ms = (time.monotonic() - began) * 1000
    try:
        yield process, url
    finally:
        if process.poll() is None:
            process.stdin.close()
        process.wait()


def counts(url):
    with urllib.request.urlopen(url + "/count") as answer:
        return json.load(answer)


def starts(build, rounds, cases):
    """Milliseconds until the first answer and megabytes resident; and the same after kill -9 under load, with many cases on disk."""
    script = os.path.join(ROOT, "bench/peers/steps.lua")
    with tempfile.TemporaryDirectory(dir=build) as directory:
        sample = []
        for _ in range(rounds + 1):
            service = Service(os.path.join(build, "onevisit"), directory)
            sample.append((service.start_ms, resident_mb(service.process.pid)))
            service.stop()
        keep = ["--keep", os.path.join(directory, "cases.db")]
        with case_server(build, directory, *keep, "--fill", str(cases)) as (process, _):
            process.stdin.close()
        killed = []
        for _ in range(rounds):
            with case_server(build, directory, *keep) as (process, url):
                load = subprocess.Popen(["wrk", "-t1", "-c64", "-d20s", "-s", script, url + "/cases"], stdout=subprocess.DEVNULL)
                time.sleep(1.5)
                loaded = resident_mb(process.pid)
                process.kill()
                load.terminate()
                load.wait()
            with case_server(build, directory, *keep) as (process, url):
                killed.append((process.start_ms, loaded))
                held = counts(url)
    median = lambda list_, i: statistics.median(pair[i] for pair in list_)
    return {"first_start_ms": sample[0][0], "start_ms": median(sample[1:], 0), "start_mb": median(sample[1:], 1), "cases": cases,
            "restart_ms": median(killed, 0), "loaded_mb": median(killed, 1), "events": held["events"]}


def starts_table(r):
    return "\n".join([
        "| starting, memory | ms to the first answer | MB resident |", "|---|---|---|",
        f"| onevisit serve, the sample city, for the first time | {r['first_start_ms']:,.0f} | |",
        f"| onevisit serve again | {r['start_ms']:,.0f} | {r['start_mb']:,.0f} |",
        f"| case_server after kill -9 under load, {r['cases']:,} cases and {r['events']:,} events on disk | {r['restart_ms']:,.0f}"
        f" | {r['loaded_mb']:,.0f}, under load |"])

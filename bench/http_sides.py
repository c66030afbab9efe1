"""The two servers of the HTTP benchmark: the real web room, and libmicrohttpd answering the same bytes from memory."""
import os
import re
import subprocess
import urllib.request

PATHS = {"/kit": "text/html; charset=utf-8", "/api/cases/17": "application/json"}


class Sides:
    def __init__(self, page_server, bare_mhd, directory, threads):
        self.programs = page_server, bare_mhd
        self.directory = directory
        self.threads = str(threads)
        self.running = []
        self.urls = {}

    def __enter__(self):
        page_server, bare_mhd = self.programs
        self._start("real", [page_server, "--dir", self.directory, "--threads", self.threads])
        answers = []
        for i, (path, kind) in enumerate(PATHS.items()):
            file = os.path.join(self.directory, f"answer{i}")
            with open(file, "wb") as out:
                out.write(self.get("real", path))
            answers.append(f"{path}={file}={kind}")
        self._start("bare", [bare_mhd, "--threads", self.threads, *answers])
        return self

    def __exit__(self, *_):
        for process in self.running:
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


def wrk(url, seconds, connections):
    """Requests a second and the 99th percentile in milliseconds; an error in any answer ends the benchmark."""
    text = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", url], check=True, capture_output=True, text=True
    ).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(text)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return rate, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

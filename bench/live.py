#!/usr/bin/env python3
"""What idle live streams cost the others: live.py [STREAMS [SECONDS]].

Starts the sample city, asks for pages and takes tickets one at a time, without streams and with so many of them open and silent
(on the board of another hall), and prints both sides and the server's memory. Then one change: how long until all have heard.
"""
import json, os, re, select, shutil, socket, subprocess, sys, tempfile, time

STREAMS, SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 9900, float(sys.argv[2]) if len(sys.argv) > 2 else 5
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PROGRAM, CATALOG = os.path.join(ROOT, "build/onevisit"), os.path.join(ROOT, "catalogs/ningbo")


def start(home):
    subprocess.run([PROGRAM, "check", CATALOG, "--publish", "--proof", home + "/proof.json"], check=True, capture_output=True)
    server = subprocess.Popen([PROGRAM, "serve", "--store", f"sqlite:{home}/s.db", "--catalog", CATALOG, "--proof", home + "/proof.json",
                               "--listen", "127.0.0.1:0", "--sample", "--streams-each", str(STREAMS + 100)], stderr=subprocess.PIPE, text=True)
    for line in server.stderr:
        if '"port"' in line:
            return server, int(json.loads(line)["port"])
    sys.exit("the server did not start")


def memory(server):
    with open(f"/proc/{server.pid}/status") as f:
        return next(int(l.split()[1]) // 1024 for l in f if l.startswith("VmRSS"))


class Client:
    """One kept connection."""

    def __init__(self, port):
        self.s, self.rest = socket.create_connection(("127.0.0.1", port)), b""
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, text):
        self.s.sendall(text.encode())
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.s.recv(65536)
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        n = next(int(l.split(b":")[1]) for l in head.split(b"\r\n") if l.lower().startswith(b"content-length"))
        while len(self.rest) < n:
            self.rest += self.s.recv(65536)
        self.body, self.rest = self.rest[:n].decode(), self.rest[n:]
        self.head = head.decode()
        return int(head.split()[1])


def ticket(port):
    """The request that the ticket machine's form sends; sent again it is answered without a second ticket."""
    client = Client(port)
    client.ask("GET /halls/demo/kiosk HTTP/1.1\r\nHost: x\r\n\r\n")
    guard = [name + "=" + re.search('name="' + name + '" value="([^"]*)"', client.body)[1] for name in ("csrf", "once")]
    form = "&".join(["zone=social"] + guard)
    cookie = re.search(r"Set-Cookie: ([^;]*)", client.head)[1]
    return (f"POST /halls/demo/kiosk HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(form)}\r\n\r\n{form}")


def measure(port, text, good):
    client, took, until = Client(port), [], time.monotonic() + SECONDS
    while time.monotonic() < until:
        began = time.monotonic()
        assert client.ask(text) in good
        took.append(time.monotonic() - began)
    took.sort()
    return f"p50 {took[len(took) // 2] * 1e3:.2f} ms, p99 {took[len(took) * 99 // 100] * 1e3:.2f} ms, {len(took) / SECONDS:.0f}/s"


def both(port, what):
    get = "GET /halls/demo HTTP/1.1\r\nHost: x\r\n\r\n"
    print(f"{what}: page {measure(port, get, (200,))}")
    print(f"{what}: a form through a worker {measure(port, ticket(port), (303, 429))}")


def main():
    home = tempfile.mkdtemp(prefix="onevisit-live-")
    server, port = start(home)
    try:
        both(port, "without streams")
        before, streams = memory(server), []
        for _ in range(STREAMS):
            s = socket.create_connection(("127.0.0.1", port))
            s.sendall(b"GET /halls/demo/live?zone=social HTTP/1.1\r\nHost: x\r\n\r\n")
            streams.append(s)
        poll = select.epoll()
        for s in streams:
            heard = b""
            while b"data:" not in heard:
                heard += s.recv(4096)
            assert b"200 OK" in heard, heard
            s.setblocking(False)
            poll.register(s, select.EPOLLIN)
        print(f"{STREAMS} streams: {memory(server)} MB resident, {(memory(server) - before) * 1024 / STREAMS:.0f} KB each")
        both(port, "with them")
        left = STREAMS
        time.sleep(61)  # until this address may take tickets again
        text, began = ticket(port), time.monotonic()
        assert Client(port).ask(text) == 303
        while left:
            for fd, _ in poll.poll(10):
                if b"data:" in os.read(fd, 4096):
                    left -= 1
        print(f"one ticket: all have heard after {(time.monotonic() - began) * 1e3:.0f} ms")
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(home)


main()

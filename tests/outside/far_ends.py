#!/usr/bin/python3
"""The far ends of a city, as real processes: a mail server (aiosmtpd), a gateway of short messages, a courier.

far_ends.py DIR: writes DIR/ports («SMTP HTTP»), then serves until its input ends. Every mail that was taken is a line of
DIR/mails, every post a line of DIR/posts. DIR/mode says how they behave from now on:
  up       everything is taken
  down     mail is put off (451), connections over HTTP are closed without an answer
  twice    what is posted is taken and kept, and the first answer to each key is 500 all the same
  refuse   550 and 422
DIR/secret is what posts are signed with. POST /control/report makes the courier call back: its JSON and a signature, to the
callback of the newest order (or to the member «to» of it).
"""
import asyncio, email, email.policy, hashlib, hmac, json, os, sys, threading, time, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from aiosmtpd.smtp import SMTP

folder = sys.argv[1]
lock = threading.Lock()
seen, callback, orders = set(), [None], {}


def read(name, default=""):
    try:
        with open(os.path.join(folder, name)) as f:
            return f.read().strip()
    except FileNotFoundError:
        return default


def write(name, value):
    with lock, open(os.path.join(folder, name), "a") as f:
        f.write(json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n")


def sign(seconds, body):
    return hmac.new(read("secret").encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()


class Mails:
    async def handle_DATA(self, server, session, envelope):
        mode = read("mode", "up")
        if mode == "down":
            return "451 later"
        if mode == "refuse":
            return "550 no such person"
        m = email.message_from_bytes(envelope.content, policy=email.policy.default)
        write("mails", {"id": m["Message-ID"], "to": envelope.rcpt_tos, "subject": m["Subject"], "text": m.get_content(),
                        "longest": max(len(line) for line in envelope.content.split(b"\r\n"))})
        return "250 taken"


class Posts(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def control(self, body):
        said = json.loads(body)
        to, data, seconds = said.pop("to", callback[0]), None, str(int(time.time()))
        data = json.dumps(said, ensure_ascii=False).encode()
        request = urllib.request.Request(to, data=data, headers={"Content-Type": "application/json", "X-Timestamp": seconds,
                                                                 "X-Signature": sign(seconds, data)})
        try:
            with urllib.request.urlopen(request) as got:
                self.answer(200, {"status": got.status, "body": got.read().decode()})
        except urllib.error.HTTPError as e:
            self.answer(200, {"status": e.code, "body": e.read().decode()})

    def do_POST(self):
        body, mode = self.rfile.read(int(self.headers["Content-Length"])), read("mode", "up")
        if self.path == "/control/report":
            return self.control(body)
        if mode == "down":
            self.close_connection = True
            return self.connection.close()
        if mode == "refuse":
            return self.answer(422, {"why": "refused"})
        key, said = self.headers["Idempotency-Key"], json.loads(body)
        signed = hmac.compare_digest(sign(self.headers["X-Timestamp"], body), self.headers["X-Signature"])
        with lock:
            known = key in seen
            seen.add(key)
        write("posts", {"path": self.path, "key": key, "known": known, "signed": signed, "body": said})
        if mode == "twice" and not known:
            return self.answer(500, {"why": "taken, but something broke afterwards"})
        if self.path.endswith("/orders"):
            callback[0] = said["callback"]
            with lock:
                tracking = orders.setdefault(said["order"], "SF%012d" % (100 + len(orders)))
            return self.answer(201, {"tracking": tracking})
        return self.answer(200, {})


def main():
    loop = asyncio.new_event_loop()
    mails = loop.run_until_complete(loop.create_server(lambda: SMTP(Mails(), hostname="mail.example", loop=loop), "127.0.0.1", 0))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    posts = ThreadingHTTPServer(("127.0.0.1", 0), Posts)
    threading.Thread(target=posts.serve_forever, daemon=True).start()
    smtp = mails.sockets[0].getsockname()[1]
    with open(os.path.join(folder, "ports.new"), "w") as f:
        f.write("%d %d\n" % (smtp, posts.server_address[1]))
    os.rename(os.path.join(folder, "ports.new"), os.path.join(folder, "ports"))
    sys.stdin.read()
    os._exit(0)


main()

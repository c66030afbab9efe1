#!/usr/bin/python3
"""The far ends of a city, as real processes: a mail server (aiosmtpd), a gateway of short messages, a courier.

far_ends.py DIR [tls]: writes DIR/ports («SMTP HTTP»), then serves until its input ends. Every mail that was taken is a line of
DIR/mails, every post a line of DIR/posts. With «tls» there are three more mail servers, their ports in DIR/tls («STARTTLS SMTPS
CLEAR»): they want DIR/mail.user, every attempt to sign in is a line of DIR/logins; their certificate is by DIR/mail.ca, for the
address 127.0.0.1; CLEAR asks for the password without encryption. DIR/mode says how all behave from now on:
  up       everything is taken
  down     mail is put off (451), connections over HTTP are closed without an answer
  twice    what is posted is taken and kept, and the first answer to each key is 500 all the same
  refuse   550 and 422
  forged   STARTTLS shows the right name under another authority's hand
DIR/secret is what posts are signed with. POST /control/report makes the courier call back: its JSON and a signature, to the
callback of the newest order (or to the member «to» of it).
"""
import asyncio, email, email.policy, hashlib, hmac, json, logging, os, ssl, subprocess, sys, threading, time, urllib.request, warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from aiosmtpd.smtp import SMTP, AuthResult

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


# ---- mail over TLS, with a password ----

def path(name):
    return os.path.join(folder, name)


def certificate(name, by=None):
    """A key and a certificate for 127.0.0.1 by the other, or an authority of its own."""
    signer = ["-CA", path(by), "-CAkey", path(by + ".key"), "-addext", "subjectAltName=IP:127.0.0.1"] if by else []
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
                    "-subj", "/CN=" + name, "-keyout", path(name + ".key"), "-out", path(name)] + signer, check=True, capture_output=True)


def context(name):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path(name), path(name + ".key"))
    return made


def sign_in(way):
    def check(server, session, envelope, mechanism, said):
        good = "%s:%s" % (said.login.decode(), said.password.decode()) == read("mail.user")
        write("logins", {"way": way, "good": good})
        return AuthResult(success=good, handled=False)
    return check


def serve_tls(loop):
    certificate("mail.ca")
    certificate("server.pem", "mail.ca")
    certificate("other.ca")
    certificate("forged.pem", "other.ca")
    right, forged = context("server.pem"), context("forged.pem")
    warnings.simplefilter("ignore")  # a server that asks for passwords in clear is what is wanted here, and handshakes that fail
    logging.disable()

    def server(way, **more):
        return lambda: SMTP(Mails(), hostname="mail.example", loop=loop, authenticator=sign_in(way), auth_required=True,
                            **{k: v() if callable(v) else v for k, v in more.items()})

    def listen(factory, **more):
        return loop.run_until_complete(loop.create_server(factory, "127.0.0.1", 0, **more)).sockets[0].getsockname()[1]

    shown = lambda: forged if read("mode") == "forged" else right
    ports = (listen(server("starttls", tls_context=shown, require_starttls=True)),
             listen(server("smtps", auth_require_tls=False), ssl=right),
             listen(server("clear", auth_require_tls=False)))
    with open(path("tls"), "w") as f:
        f.write("%d %d %d\n" % ports)


def main():
    loop = asyncio.new_event_loop()
    mails = loop.run_until_complete(loop.create_server(lambda: SMTP(Mails(), hostname="mail.example", loop=loop), "127.0.0.1", 0))
    if "tls" in sys.argv:
        serve_tls(loop)
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

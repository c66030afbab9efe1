"""The ledger's figures, for bench/run: ledger_bench part by part, and five witnesses of the program for the last."""
import json
import os
import signal
import subprocess
import sys
import tempfile

WITNESSES = 5


class Witnesses:
    """Running while the context lasts; three of five must cosign."""

    def __init__(self, program, directory, vkey):
        self.processes = []
        lines = [f"log {vkey}"]
        for i in range(WITNESSES):
            command = [program, "witness", "--state", os.path.join(directory, f"w{i}"), "--name", f"witness-{i}.invalid/w"]
            key = subprocess.run([*command, "--init"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
            process = subprocess.Popen([*command, "--log", vkey, "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
            self.processes.append(process)
            port = next(json.loads(line)["port"] for line in process.stderr if '"listening"' in line)
            lines.append(f"witness w{i} {key} http://127.0.0.1:{port}/")
        self.policy = os.path.join(directory, "policy")
        with open(self.policy, "w", encoding="utf-8") as file:
            file.write("\n".join([*lines, "group g 3 w0 w1 w2 w3 w4", "quorum g", ""]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.communicate()


def measure(build, quick=False, full=False):
    """Of each part what it told, by its name."""
    bench, results = os.path.join(build, "bench/ledger_bench"), {}

    def run(part, *arguments):
        print("measuring: ledger", part, file=sys.stderr)
        text = subprocess.run([bench, part, "--dir", build, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True).stdout
        results[part] = json.loads(text)
        return results[part]

    rounds = 3 if quick else 7
    run("hashing", "--rounds", rounds)
    run("sealing", "--rounds", rounds, "--n", 50000 if quick else 200000)
    run("directory", "--n", 10000000 if full else 100000 if quick else 1000000)
    run("receipt")
    run("loss", "--rounds", rounds)
    with tempfile.TemporaryDirectory(dir=build) as directory:
        keys = os.path.join(directory, "keys")
        vkey = run("key", "--keys", keys)["vkey"]
        del results["key"]
        with Witnesses(os.path.join(build, "onevisit"), directory, vkey) as witnesses:
            run("latency", "--keys", keys, "--policy", witnesses.policy, "--seconds", 5 if quick else 30)
    return results


def table(r):
    """The same as Markdown; every limit beside its figure."""
    hashing, sealing, directory, receipt, loss, latency = (r[part] for part in ("hashing", "sealing", "directory", "receipt", "loss", "latency"))
    rows = [
        ("hashing and appending, leaves of 700 bytes", f"{hashing['appended_per_second']:,.0f} /s",
         f"**{100 * hashing['ratio']:.0f} %** of bare EVP ({hashing['bare_evp_per_second']:,.0f} /s)", "≥ 70 %"),
        ("events sealed durably", f"{sealing['leaves_per_second']:,.0f} leaves/s (best {sealing['best']:,.0f})",
         f"{sealing['per_processor_second']:,.0f} in a second of one processor", "≥ 50,000 /s"),
        (f"checking a directory of {directory['n']:,} leaves, every byte", f"{directory['checked_per_second']:,.0f} leaves/s",
         f"{directory['checked_per_processor_second']:,.0f} in a second of one processor", "≥ 1,000,000 a core"),
        (f"starting on it ({directory['files']:,} files)", f"{1000 * directory['start_seconds']:.0f} ms", "", "< 1 s"),
        ("verifying a receipt (six signatures)", f"{receipt['p50_us'] / 1000:.2f} ms (p50)",
         f"**{100 * receipt['processor_us'] / receipt['bare_signatures_us']:.0f} %** of six bare Ed25519 checks", "< 1 ms"),
        (f"commit → cosigned by five witnesses, {latency['commands_per_second']} commands/s",
         f"p50 {latency['p50_ms']:,.0f} ms, p99 {latency['p99_ms']:,.0f} ms", f"longest {latency['max_ms']:,.0f} ms", "p99 < 1.5 s"),
        (f"the engine with the ledger, {loss['in_flight']:,} in flight",
         f"{loss['with_per_second']:,.0f} commands/s", f"**{100 * loss['ratio']:.0f} %** of {loss['without_per_second']:,.0f} without;"
         f" {100 * loss['writer_time_for_leaves']:.1f} % of the writer's time; {loss['lag_events']:,.0f} events behind after a round,"
         f" caught up at {loss['caught_up_per_second']:,.0f} /s", "≥ 95 %"),
    ]
    return "\n".join(["| the public record | | beside | limit |", "|---|---|---|---|", *("| " + " | ".join(row) + " |" for row in rows)])


if __name__ == "__main__":
    figures = measure(os.path.abspath(sys.argv[1]), "--quick" in sys.argv, "--full" in sys.argv)
    print(json.dumps(figures, indent=1), file=sys.stderr)
    print(table(figures))

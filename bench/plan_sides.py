#!/usr/bin/env python3
"""How long compiling and proving take, for bench/run: plan_bench, and generated national catalogues of three sizes.

usage: plan_sides.py [BUILD]     the same figures alone, as Markdown

All times are the processor's, so that a busy machine counts little; beside them stand the limits that hold.
"""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SIZES = ((1000, 150), (3000, 450), (10000, 1500))  # items, things
QUESTIONS = 60
LOAD_SECONDS, PROVE_SECONDS, MEGABYTES, PLAN_US = 1, 60, 500, 1000


def processor(command, status):
    """Seconds of the processor that the command uses, and its resident memory, which wait4 tells of this child alone."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        _, exit_status, use = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(exit_status)
    if child.returncode != status:
        raise SystemExit(f"{' '.join(command)}: exit status {child.returncode}, not {status}")
    return {"user": use.ru_utime, "system": use.ru_stime, "megabytes": use.ru_maxrss / 1024}


def national(program, items, things):
    with tempfile.TemporaryDirectory() as work:
        city = os.path.join(work, "national")
        subprocess.run([sys.executable, os.path.join(ROOT, "tests/catalog/national.py"), "--items", str(items), "--things", str(things),
                        "--questions", str(QUESTIONS), city], check=True, stdout=subprocess.DEVNULL)
        processor([program, "plan", city, "no-such-thing"], 2)  # so that the files are in memory
        loads = sorted((processor([program, "plan", city, "no-such-thing"], 2) for _ in range(3)), key=lambda use: use["user"])
        # a generated catalogue is not one to be published; that the proof says so is not what is measured
        proof = processor(["sh", "-c", '"$1" check "$2" || test $? -eq 1', "sh", program, city], 0)
    return {"items": items, "things": things, "load": loads[1], "check": proof}


def measure(build, quick):
    print("measuring: plans and proofs", file=sys.stderr)
    rounds = "10" if quick else "50"
    command = [os.path.join(build, "bench/plan_bench"), os.path.join(ROOT, "catalogs/ningbo"), rounds]
    plans = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    program = os.path.join(build, "onevisit")
    return {"plans": plans, "national": [national(program, *size) for size in (SIZES[:2] if quick else SIZES)]}


def table(results):
    lines = ["| one personal plan | plans | p50 µs | p99 µs | limit, p99 |", "|---|---|---|---|---|"]
    for name, r in results["plans"].items():
        lines.append(f"| {name.replace('_', ' ')} | {r['plans']:,} | {r['p50_us']:,.0f} | **{r['p99_us']:,.0f}** | {PLAN_US:,} |")
    lines += ["", f"| national catalogue, {QUESTIONS} questions a thing | load s, user + system (limit {LOAD_SECONDS})"
              f" | compile and prove s, user + system (limit {PROVE_SECONDS}) | MB (limit {MEGABYTES}) |", "|---|---|---|---|"]
    for r in results["national"]:
        load, check = r["load"], r["check"]
        user, system = check["user"] - load["user"], check["system"] - load["system"]
        lines.append(f"| {r['items']:,} items, {r['things']:,} things | {load['user']:.2f} + {load['system']:.2f}"
                     f" | {user:.1f} + {max(0, system):.1f} | {check['megabytes']:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measure(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build"), False)))

#!/usr/bin/env python3
"""tally.py TESTLOG.json: «passed failed» over all programs of a meson run; cmocka's programs count case by case."""
import json
import re
import sys

passed = failed = 0
for line in open(sys.argv[1], encoding="utf8"):
    test = json.loads(line)
    text = test.get("stdout", "") + test.get("stderr", "")
    good = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", text))
    bad = sum(int(n) for n in re.findall(r"\[  FAILED  \] (\d+) test", text))
    if good + bad == 0:
        good = int(test["result"] == "OK")
    if test["result"] not in ("OK", "SKIP") and bad == 0:
        bad = 1
    passed += good
    failed += bad
print(passed, failed)

#!/bin/sh
# tests/fuzz/run.sh [SECONDS [TALLY [DIR]]]: every fuzzer for so long (2), from a fixed seed, beginning with its corpus. Needs clang; uses
# build-clang (./test makes it). What is found is left in DIR (build-clang/fuzz), beside the corpora as they grew.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-2} tally=${2:-/dev/null} out=${3:-build-clang/fuzz}
if ! command -v clang >/dev/null || [ ! -f build-clang/build.ninja ]; then
  echo "fuzzing: left out, there is no build by clang"
  exit 0
fi
meson configure build-clang -Dfuzz=true
subjects=$(ninja -C build-clang -t targets all | sed -n 's/^tests\/fuzz\/fuzz_\([a-z_]*\): .*/\1/p' | grep -v replay)
ninja -C build-clang --quiet $(for subject in $subjects; do echo "tests/fuzz/fuzz_$subject"; done)
passed=0 failed=0
export ONEVISIT_SOURCE="$PWD" ASAN_OPTIONS=detect_leaks=1:abort_on_error=1:allocator_may_return_null=1
for subject in $subjects; do
  mkdir -p "$out/$subject"
  dictionary=
  [ -f "tests/fuzz/$subject.dict" ] && dictionary=-dict=tests/fuzz/$subject.dict
  if build-clang/tests/fuzz/fuzz_"$subject" "$out/$subject" tests/fuzz/corpus/"$subject" $dictionary -seed=1 -max_total_time="$seconds" -timeout=20 \
    -rss_limit_mb=1024 -max_len=65536 -artifact_prefix="$out/found-$subject-" -print_final_stats=1 >"$out/$subject.log" 2>&1; then
    passed=$((passed + 1))
    echo "ok fuzz $subject: $(sed -n 's/^stat::number_of_executed_units: *//p' "$out/$subject.log") executions"
  else
    failed=$((failed + 1))
    echo "not ok fuzz $subject"
    tail -30 "$out/$subject.log"
  fi
done
echo "$passed $failed" >"$tally"
[ "$failed" = 0 ]

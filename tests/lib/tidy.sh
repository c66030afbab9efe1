#!/bin/sh
# tidy.sh: clang-tidy over every file of src/; .clang-tidy says which checks.
set -eu
cd "$(dirname "$0")/../.."
tidy=$(command -v clang-tidy-14 || command -v clang-tidy)
git ls-files 'src/*.c' | xargs -P "$(nproc)" -n 4 "$tidy" -p build-clang --quiet --warnings-as-errors='*' 2>/dev/null

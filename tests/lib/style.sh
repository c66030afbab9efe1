#!/bin/sh
# style.sh: the house's rules that a machine can see.
set -u
cd "$(dirname "$0")/../.."
bad=0
say() {
  echo "style: $1" >&2
  bad=1
}

format=$(command -v clang-format-14 || command -v clang-format)
files=$(git ls-files '*.c' '*.h')
"$format" --dry-run -Werror $files || say "run clang-format -i on the files above"

# the include arrows: the kernel names no mechanism, mechanisms do not include the command line
for room in base store ledger engine web; do
  found=$(grep -nE '#include "(catalog|plan|casework|history|account|cli|app)/' src/$room/*.[ch]) && say "the kernel names a mechanism: $found"
done
found=$(grep -rnE '#include "cli/' src --include='*.[ch]' | grep -v '^src/cli/') && say "only src/cli includes cli/: $found"

found=$(git ls-files 'src/*.[ch]' 'tools/*.c' | xargs grep -nE '\b(strcpy|strcat|sprintf|vsprintf|strtok|gmtime|localtime|gets|alloca)\(') && say "banned functions: $found"
found=$(git ls-files src web tests bench tools | grep -vE '\.(sh|po)$' | xargs grep -nE '\b(TODO|FIXME|XXX|HACK)\b' 2>/dev/null) && say "left open: $found"
for file in $(git ls-files 'src/*.c' 'src/*.h'); do
  lines=$(wc -l <"$file")
  [ "$lines" -le 1200 ] || say "$file has $lines lines: over 1200"
done
exit $bad

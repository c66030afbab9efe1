#!/usr/bin/env python3
"""translations_test.py ROOT: every word of the interface has its Chinese in web/translations/zh_CN.po.

Words: {{_ … }} in web/templates; tr(rq, "…"), trf(rq, "…") and N_("…") in src and web/templates. say() takes both
languages at its place and is looked at only for two literals of which one is empty. Words that no source uses any more
are printed and do not fail.
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

STRING = r'"(?:[^"\\\n]|\\.)*"'
STRINGS = rf'{STRING}(?:\s*{STRING})*'
CALL = re.compile(rf'(?<!\w)(?:trf?\s*\(\s*(?:\w+->)?rq\s*,|N_\s*\()\s*({STRINGS})')
SAY = re.compile(rf'(?<!\w)say\s*\(\s*rq\s*,\s*({STRINGS})\s*,\s*({STRINGS})\s*\)')
HOLE = re.compile(r'\{\{_(.*?)\}\}', re.S)
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|\{#.*?#\}', re.S)
ARGUMENT = re.compile(r'%(?:%|([1-9])\$s|s|)')
ESCAPES = {'n': '\n', 't': '\t'}


def unquoted(literals):
    """The text of C string literals, one after another."""
    inner = ''.join(s[1:-1] for s in re.findall(STRING, literals))
    return re.sub(r'\\(.)', lambda m: ESCAPES.get(m[1], m[1]), inner)


def blanked(m):
    return re.sub(r'[^\n]', ' ', m[0])


def without_comments(text):
    """Comments blanked, strings and line numbers kept."""
    return re.sub(rf'{STRING}|' + COMMENT.pattern, lambda m: m[0] if m[0].startswith('"') else blanked(m), text, flags=re.S)


def words_of(path):
    """(line, word) of one source; also the (line, message) of what is wrong at a place."""
    text = path.read_text(encoding='utf-8')
    text = without_comments(text) if path.suffix != '.html' else re.sub(r'\{#.*?#\}', blanked, text, flags=re.S)
    found, wrong = [], []
    for m in CALL.finditer(text):
        found.append((text.count('\n', 0, m.start()) + 1, unquoted(m[1])))
    for m in SAY.finditer(text):
        if not unquoted(m[1]) or not unquoted(m[2]):
            wrong.append((text.count('\n', 0, m.start()) + 1, 'say() with an empty language'))
    if path.suffix == '.html':
        for m in HOLE.finditer(text):
            inner = m[1].strip()
            literal = re.match(STRINGS, inner)
            word = unquoted(literal[0]) if literal else ' '.join(inner.split())
            found.append((text.count('\n', 0, m.start()) + 1, word))
    return found, wrong


def read_po(path):
    """[(line, msgid, msgstr)] of a .po file as Poedit writes it."""
    entries, current, key = [], None, None
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        m = re.match(rf'(msgid|msgstr)?\s*({STRING})\s*$', line)
        if not m or (not m[1] and current is None):
            continue
        if m[1] == 'msgid':
            current = [number, '', '']
            entries.append(current)
        if m[1]:
            key = 1 if m[1] == 'msgid' else 2
        current[key] += unquoted(m[2])
    return [tuple(e) for e in entries]


def arguments(text):
    """Which arguments a text takes: «%s» the next, «%2$s» the second."""
    taken, following = set(), 1
    for m in ARGUMENT.finditer(text):
        if m[0] == '%%':
            continue
        if m[0] == '%s':
            taken.add(following)
            following += 1
        else:
            taken.add(int(m[1]) if m[1] else 'a bare %')
    return taken


def main():
    root = Path(sys.argv[1])
    po = root / 'web' / 'translations' / 'zh_CN.po'
    entries = read_po(po)
    findings, known, used = [], {}, set()
    for line, word, translation in entries:
        if word in known:
            findings.append(f'{po}:{line}: is there twice, first in line {known[word][0]}: "{word}"')
        known.setdefault(word, (line, translation))
    sources = sorted((root / 'src').rglob('*.[ch]')) + sorted((root / 'web' / 'templates').rglob('*.html'))
    missing = {}
    for path in sources:
        if path == root / 'src' / 'web' / 'html.h':
            continue  # it defines and explains them
        found, wrong = words_of(path)
        findings += [f'{path}:{line}: {what}' for line, what in wrong]
        for line, word in found:
            used.add(word)
            if not known.get(word, (0, ''))[1]:
                missing.setdefault(word, f'{path}:{line}')
    findings += [f'{where}: no translation in {po.name}: "{word}"' for word, where in missing.items()]
    for line, word, translation in entries:
        if word and translation and arguments(word) != arguments(translation):
            findings.append(f'{po}:{line}: the translation takes other arguments: "{word}" – "{translation}"')
    unused = [(line, word) for line, word, _ in entries if word and word not in used]
    for line, word in unused:
        print(f'{po}:{line}: note: not used any more: "{word}"')
    msgfmt = shutil.which('msgfmt')
    if msgfmt:
        done = subprocess.run([msgfmt, '-c', '-o', '/dev/null', str(po)], capture_output=True, text=True, check=False)
        if done.returncode:
            findings.append(f'msgfmt -c: {done.stderr.strip()}')
    else:
        print('note: msgfmt is not installed, its check is left out')
    for finding in findings:
        print(finding)
    print(f'{len(used)} words in {len(sources)} files, {len(missing)} without translation, {len(unused)} unused, {len(findings)} findings')
    return 1 if findings or not used else 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
"""Every file of the sample city fits catalogs/schema.json, and spoiled files do not.

Needs python3-yaml and python3-jsonschema; skipped (77) where they are not installed.
"""
import json
import os
import sys

try:
    import yaml
    from jsonschema import Draft202012Validator
except ImportError as missing:
    print(f"skipped: {missing}; install python3-yaml and python3-jsonschema")
    sys.exit(77)

SOURCE = os.environ.get("ONEVISIT_SOURCE", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


class Plain(yaml.SafeLoader):
    """YAML as onevisit reads it: dates are text, and only true and false are truths."""


Plain.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in pairs if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Plain.add_implicit_resolver("tag:yaml.org,2002:bool", __import__("re").compile("^(true|false)$"), list("tf"))

with open(os.path.join(SOURCE, "catalogs/schema.json"), encoding="utf8") as file:
    SCHEMA = json.load(file)
Draft202012Validator.check_schema(SCHEMA)


def definition(name):
    folder = os.path.dirname(name)
    kind = {"items": "item", "things": "thing", "persons": "person"}.get(folder) or os.path.splitext(os.path.basename(name))[0]
    return Draft202012Validator({"$schema": SCHEMA["$schema"], "$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]})


def mistakes(catalog, name):
    with open(os.path.join(catalog, name), encoding="utf8") as file:
        content = yaml.load(file, Loader=Plain)
    return [f"{name}: {'/'.join(map(str, e.absolute_path))}: {e.message[:150]}" for e in definition(name).iter_errors(content)]


def files(catalog):
    for folder in ("", "items", "things", "persons"):
        if not os.path.isdir(os.path.join(catalog, folder)):
            continue
        for name in sorted(os.listdir(os.path.join(catalog, folder))):
            if name.endswith(".yaml"):
                yield os.path.join(folder, name)


failures = []
count = 0
for city in ("catalogs/ningbo", "tests/catalog/good"):
    for name in files(os.path.join(SOURCE, city)):
        count += 1
        failures += mistakes(os.path.join(SOURCE, city), name)

SPOILED = [
    ("unknown-key", "items/food.yaml"), ("comma-makes-keys", "agencies.yaml"), ("material-without-basis", "items/food.yaml"),
    ("item-without-basis", "items/food.yaml"), ("wrong-kind", "items/food.yaml"), ("wrong-days", "items/food.yaml"),
    ("wrong-amount", "items/food.yaml"), ("wrong-channel", "items/food.yaml"), ("instant-with-limits", "items/registration.yaml"),
    ("half-limits", "items/food.yaml"), ("neither-certificate-nor-document", "items/food.yaml"), ("one-choice", "things/restaurant.yaml"),
    ("zone-without-assessment", "items/food.yaml"), ("polygon-of-two", "zones.yaml"), ("windows-no-number", "halls.yaml"),
    ("id-with-capitals", "items/food.yaml"), ("missing-name-in-english", "items/food.yaml"), ("not-a-list", "agencies.yaml"),
]
for case, name in SPOILED:
    count += 1
    if not mistakes(os.path.join(SOURCE, "tests/catalog/bad", case), name):
        failures.append(f"{case}/{name} was taken")

for failure in failures[:40]:
    print(failure)
print(f"{count} files, {len(failures)} failures")
sys.exit(bool(failures))

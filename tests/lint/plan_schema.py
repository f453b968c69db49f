#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when docs/schema/coldspan.schema.json takes other budgets than the tables of agent/budget have.

usage: plan_schema.py ROOT [--print]
--print writes $defs.budget as the schema has to have it.
"""
import json
import pathlib
import re
import sys

SPACE = "[ \\t]+"
NUMBER = "[0-9]+([.][0-9]+)?"
STAT = "(p[1-9][0-9]?([.][0-9]+)?|median|max)"
KINDS = ("DURATION", "SIZE", "COUNT", "COST")
ROW = re.compile(r'X\(\w+,\s*"([^"]+)"(?:,\s*([A-Z]+))?')


def rows(path, table):
    body = path.read_text().split(f"#define {table}(X)")[1].split("\n\n")[0]
    found = ROW.findall(body.replace("\\\n", " "))
    assert len(found) == len(re.findall(r"\bX\(\w+,", body)) > 0, f"{path}: a row that is not understood"
    return found


def metrics(root):
    """Names by kind, as cs_metric_about() puts the three tables together."""
    found = {kind: [] for kind in KINDS}
    found["DURATION"] += [name for name, _ in rows(root / "preload/wire/marks.h", "CS_PHASES")]
    for name, _ in rows(root / "preload/wire/facts.h", "CS_FACTS"):
        if name == "attach.cost_ns":
            found["DURATION"].append("attach")
        else:
            found["COUNT"].append(name)
    for name, kind in rows(root / "agent/budget/metric.h", "CS_METRICS"):
        found[kind].append(name)
    return {kind: sorted(names) for kind, names in found.items()}


def outside(root):
    """Those that a start without the shim has."""
    body = (root / "agent/budget/metric.c").read_text()
    ids = re.findall(r"CS_METRIC_(\w+)", body.split("bool cs_metric_is_outside")[1].split("cs_metric_unmeasured")[0])
    text = (root / "agent/budget/metric.h").read_text()
    return sorted(re.search(rf'X\({name}, "([^"]+)"', text)[1] for name in set(ids))


def units(root):
    """By kind, longest first. "" is a count."""
    body = (root / "agent/budget/quantity.c").read_text().split("units[] = {")[1].split("};")[0]
    found = {}
    for text, kind in re.findall(r'\{ "([^"]*)", CS_QUANTITY_(\w+),', body):
        name = re.sub(r"\\x([0-9a-f]{2})", lambda byte: chr(int(byte[1], 16)), text).encode("latin-1").decode()
        found.setdefault(kind, []).append(name)
    return {kind: sorted(names, key=lambda name: (-len(name), name)) for kind, names in found.items()}


def one_of(words):
    return "(" + "|".join(word.replace(".", "[.]") for word in words) + ")"


def amount(root, kind):
    return "[+]?" + NUMBER + ("" if kind == "COUNT" else "[ \\t]*" + one_of(units(root)[kind]))


def relative(root, kind):
    known = units(root)
    words = one_of(known["SHARE"] + known["FACTOR"] + ([] if kind == "COUNT" else known[kind]))
    return "[+-]?" + NUMBER + "[ \\t]*" + words + ("?" if kind == "COUNT" else "")


def line(root):
    by_kind = metrics(root)
    bounds = [one_of(names) + f"{SPACE}<={SPACE}" + amount(root, kind) for kind, names in by_kind.items()]
    bounds += [one_of(names) + f"{SPACE}<={SPACE}" + relative(root, kind) + f"{SPACE}vs{SPACE}(baseline|reference)"
               for kind, names in by_kind.items()]
    for kind, names in by_kind.items():
        names = [name for name in names if name in outside(root)]
        if names:
            bounds.append(one_of(names) + f"{SPACE}<={SPACE}" + relative(root, kind) + f"{SPACE}vs{SPACE}unwatched")
    bounds.append(f"overhead{SPACE}<={SPACE}" + relative(root, "DURATION"))
    return f"^[ \\t]*({STAT}{SPACE})?(" + "|".join(bounds) + ")[ \\t]*$"


def bound(kind, pattern, least=None):
    text = {"type": "string", "pattern": f"^{pattern}$"}
    number = {"type": "number"} if least is None else {"type": "number", "minimum": least}
    return {"oneOf": [number, text]} if kind == "COUNT" else text


def when(condition, then):
    return {"if": condition, "then": {"properties": then}}


def mapping(root):
    by_kind = metrics(root)
    names = sorted(sum(by_kind.values(), [])) + ["overhead"]
    rules = []
    for kind in KINDS:
        own = {"properties": {"metric": {"enum": by_kind[kind]}}, "required": ["metric"]}
        rules.append(when({**own, "not": {"required": ["relative_to"]}},
                          {"max": bound(kind, amount(root, kind), 0)}))
        rules.append(when({**own, "required": ["metric", "relative_to"]},
                          {"max": bound(kind, relative(root, kind))}))
        rules.append(when(own, {"min_effect": bound(kind, amount(root, kind))}))
    overhead = {"properties": {"metric": {"const": "overhead"}}, "required": ["metric"]}
    rules.append(when(overhead, {"max": bound("DURATION", relative(root, "DURATION")),
                                 "min_effect": bound("DURATION", amount(root, "DURATION")),
                                 "relative_to": False}))
    rules.append(when({"properties": {"relative_to": {"const": "unwatched"}}, "required": ["relative_to"]},
                      {"metric": {"enum": outside(root)}}))
    return {
        "type": "object",
        "required": ["metric", "max"],
        "additionalProperties": False,
        "properties": {
            "metric": {"enum": names},
            "stat": {"type": "string", "pattern": f"^{STAT}$"},
            "max": {"description": "300ms, 96MiB, 45; against a baseline also +5%, 3.0x."},
            "relative_to": {"enum": ["baseline", "reference", "unwatched"]},
            "min_effect": {"description": "Smaller differences are kept, however sure."},
            "level": {"enum": ["error", "warn", "info", "off"]},
            "why": {"$ref": "#/$defs/text"},
            "id": {"$ref": "#/$defs/text"},
        },
        "allOf": rules,
    }


def budget(root):
    return {"oneOf": [{"description": "[STAT] METRIC <= AMOUNT [vs baseline|reference|unwatched]",
                       "type": "string", "pattern": line(root)}, mapping(root)]}


def text(value, indent=""):
    """As JSON, with a list of words in one line."""
    if isinstance(value, dict) and value:
        inside = [f"{indent}  {json.dumps(key)}: {text(one, indent + '  ')}" for key, one in value.items()]
        return "{\n" + ",\n".join(inside) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return "[\n" + ",\n".join(f"{indent}  " + text(one, indent + "  ") for one in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


def main():
    root = pathlib.Path(sys.argv[1])
    wanted = budget(root)
    if "--print" in sys.argv:
        print(text(wanted))
        return 0
    found = json.loads((root / "docs/schema/coldspan.schema.json").read_text())["$defs"]["budget"]
    if found == wanted:
        return 0
    print("docs/schema/coldspan.schema.json: $defs.budget is not what the tables of agent/budget have; "
          "tests/lint/plan_schema.py --print writes it")
    return 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What mixin.libsonnet imports: the names of the boards, and the rules as JSON.

usage: generate.py [FOLDER]

Debian's jsonnet (0.18) cannot read texts of several lines out of YAML.
"""
import json
import pathlib
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
HEAD = "// SPDX-License-Identifier: Apache-2.0\n// Made by dashboards/mixin/generate.py.\n"


def boards():
    names = sorted(path.name for path in (HERE / "../boards").glob("*.json"))
    return "{\n" + "".join(f"  '{name}': import '../boards/{name}',\n" for name in names) + "}\n"


def rules(name):
    text = (HERE / f"../rules/coldspan-{name}.yaml").read_text("utf-8")
    return json.dumps(yaml.safe_load(text), indent=2) + "\n"


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for name, text in (("boards", boards()), ("alerts", rules("alerts")), ("recording", rules("recording"))):
        (folder / f"{name}.libsonnet").write_text(HEAD + text, "utf-8")


if __name__ == "__main__":
    main()

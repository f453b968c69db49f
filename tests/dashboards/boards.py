# SPDX-License-Identifier: Apache-2.0
"""The boards as they are committed: panels, queries, and what a person would have chosen for variables."""
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "dashboards/boards"


def all_boards():
    return [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]


def panels(board):
    """All but rows; those of closed rows, too."""
    for panel in board["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels", [])
        else:
            yield panel


def queries(board):
    """(title, target) of each query of a panel that Prometheus answers."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            if "expr" in target:
                yield panel["title"], target


def traceql(board):
    """(title, query) of each that Tempo answers."""
    for panel in panels(board):
        for target in panel.get("targets", []):
            if target["datasource"]["type"] == "tempo":
                yield panel["title"], target["query"]


def variables(board):
    return board["templating"]["list"]


def annotations(board):
    return [one for one in board["annotations"]["list"] if "expr" in one]


def chosen(board, **other):
    """Values of its variables: all of everything (also of what is chosen one by one), and what a text box begins
    with; or what @other says."""
    found = {}
    for variable in variables(board):
        if variable["type"] == "query":
            found[variable["name"]] = variable.get("allValue", ".+")
        elif variable["type"] in ("custom", "textbox"):
            found[variable["name"]] = variable["current"]["value"]
    return {**found, **other}


def filled_in(expr, values):
    """The query that Prometheus is asked."""
    def value(match):
        name = match[1] or match[2]
        if name not in values:
            raise KeyError(f"${name} is no variable: {expr}")
        return str(values[name])
    return re.sub(r"\$\{(\w+)(?::regex)?\}|\$(\w+)", value, expr)

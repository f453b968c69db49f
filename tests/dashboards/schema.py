#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The boards fit Grafana's own types, says the compiler of TypeScript.

usage: schema.py [--only WORDS]

A board becomes a literal of TypeScript, of which the compiler refuses members that its type does not have.
"""
import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import boards
from lib import cases, peers
from lib.cases import case

# Enums of the types are words in JSON, and what has a default may be left out.
HEAD = """\
import type * as d from "./node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen";
type Plain<T> = unknown extends T ? T : T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
    : T extends (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]?: Plain<T[K]> } : T;
type Rest<T, K extends keyof T> = Plain<Omit<T, K>>;
// What the generated types leave out: members of one kind of variable, which the SDK writes for all; what an annotation
// asks Prometheus, whose plugin has it; the footer of a table, which Grafana had before 13.
type Variable = Plain<d.VariableModel> & { auto?: boolean; auto_min?: string; auto_count?: number };
type Annotation = Plain<d.AnnotationQuery> & { expr?: string; titleFormat?: string; textFormat?: string; tagKeys?: string;
    step?: string; useValueForTime?: boolean };
type Board = Rest<d.Dashboard, "templating" | "annotations"> & {
    templating?: { list?: Variable[] }; annotations?: { list?: Annotation[] } };
interface Footer { footer?: { show: boolean; reducer: string[]; countRows?: boolean } }
interface Query { refId: string; expr: string; datasource: d.DataSourceRef; legendFormat?: string; editorMode?: "code";
    format?: "time_series" | "table" | "heatmap"; instant?: boolean; range?: boolean; exemplar?: boolean }
interface TempoQuery { refId: string; query: string; queryType: "traceql"; datasource: d.DataSourceRef; limit?: number;
    spss?: number; tableType?: "traces" | "spans" | "raw"; metricsQueryType?: "range" | "instant"; step?: string;
    exemplars?: number; filters?: unknown[]; groupBy?: unknown[]; serviceMapUseNativeHistograms?: boolean }
"""
PANEL = 'import type * as {kind} from "./node_modules/@grafana/schema/dist/types/raw/composable/{kind}/panelcfg/x/types.gen";\n'
# Panels that have types of their own for what a field is drawn as.
DRAWN = {"timeseries", "table", "heatmap", "barchart", "histogram"}


def _modules():
    return peers.path("grafana_types")


def _typed(board):
    """Literals, each with its type."""
    kinds, lines = set(), [f"const board: Board = {json.dumps(board)};"]
    for i, panel in enumerate(boards.panels(board)):
        kind = panel["type"]
        if not (_modules() / f"@grafana/schema/dist/types/raw/composable/{kind}").is_dir():
            continue  # traces has no options
        kinds.add(kind)
        more = " & Footer" if kind == "table" else ""
        lines.append(f"const options{i}: Plain<{kind}.Options>{more} = {json.dumps(panel.get('options', {}))};")
        if kind in DRAWN:
            custom = panel.get("fieldConfig", {}).get("defaults", {}).get("custom", {})
            lines.append(f"const custom{i}: Plain<{kind}.FieldConfig> = {json.dumps(custom)};")
        for j, target in enumerate(panel.get("targets", [])):
            query = "TempoQuery" if target["datasource"]["type"] == "tempo" else "Query"
            lines.append(f"const target{i}_{j}: Plain<{query}> = {json.dumps(target)};")
    return HEAD + "".join(PANEL.format(kind=kind) for kind in sorted(kinds)) + "\n".join(lines) + "\nexport {};\n"


def _compiled(folder, given):
    """What the compiler says of them: {name: [line]}"""
    if not shutil.which("node"):
        cases.skip("node is not installed")
    (folder / "node_modules").symlink_to(_modules())
    for name, board in given.items():
        (folder / f"{name}.ts").write_text(_typed(board), "utf-8")
    got = subprocess.run(
        ["node", _modules() / "typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--pretty", "false",
         "--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022",
         *(f"{name}.ts" for name in given)], cwd=folder, capture_output=True, text=True, check=False)
    found = {name: [line for line in got.stdout.splitlines() if line.startswith(f"{name}.ts")] for name in given}
    said = sum(len(lines) for lines in found.values())
    assert (got.returncode != 0) == bool(said), got
    return found


@case
def our_boards_are_what_grafana_takes(folder):
    found = _compiled(folder, {board["uid"]: board for board in boards.all_boards()})
    assert len(found) >= 5 and not any(found.values()), found


def _first(board, kind):
    return next(panel for panel in boards.panels(board) if panel["type"] == kind)


MISTAKES = {
    "unti": lambda b: _first(b, "stat")["fieldConfig"]["defaults"].update(unti="s"),
    "width_in_words": lambda b: _first(b, "stat")["gridPos"].update(w="4"),
    "no_such_member": lambda b: b.update(graphToolTip=1),
    "tooltip": lambda b: b.update(graphTooltip=7),
    "no_such_option": lambda b: _first(b, "stat")["options"].update(grafMode="area"),
    "no_such_mode": lambda b: _first(b, "stat")["options"].update(graphMode="lines"),
    "no_such_line": lambda b: _first(b, "timeseries")["fieldConfig"]["defaults"]["custom"].update(lineWdith=1),
    "no_such_style": lambda b: _first(b, "timeseries")["fieldConfig"]["defaults"]["custom"].update(drawStyle="bar"),
    "threshold": lambda b: _first(b, "stat")["fieldConfig"]["defaults"]["thresholds"].update(mode="relative"),
    "query": lambda b: _first(b, "stat")["targets"][0].update(exemplars=True),
    "query_format": lambda b: _first(b, "stat")["targets"][0].update(format="tabel"),
    "variable": lambda b: boards.variables(b)[0].update(type="datasorce"),
    "closed_row": lambda b: next(p for p in b["panels"] if p.get("panels"))["panels"][0].update(discription="x"),
}


def _small():
    """A board with one panel of a kind, and a closed row."""
    board = next(b for b in boards.all_boards() if any(p.get("panels") for p in b["panels"])
                 and {"stat", "timeseries"} <= {p["type"] for p in boards.panels(b)})
    row = next(p for p in board["panels"] if p.get("panels"))
    row["panels"] = row["panels"][:1]
    board["panels"] = [_first(board, "stat"), _first(board, "timeseries"), row]
    return board


@case
def each_mistake_is_seen(folder):
    boards_of = {"none": _small()}
    for name, change in MISTAKES.items():
        board = _small()
        change(board)
        boards_of[name] = board
    found = _compiled(folder, boards_of)
    assert not found.pop("none"), found
    assert all(found.values()), [name for name, lines in found.items() if not lines]


if __name__ == "__main__":
    cases.main(cases.parser(__doc__).parse_args(), folder=True)

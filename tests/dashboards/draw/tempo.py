# SPDX-License-Identifier: Apache-2.0
"""What a Tempo would have answered about history.py's past: for each TraceQL query of coldspan-traces, frames in the
shape in which Grafana's data source for Tempo hands them to panels. A stand-in: no Tempo can be had where this is drawn.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import boards
import history

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CHOSEN = {"coldspan-traces": {"traceID": TRACE}}
STEP, POINTS, ROWS = 60, 90, 6
TIMES = [(history.END - STEP * i) * 1000 for i in reversed(range(POINTS))]


def line(name, values):
    return {"name": name, "fields": [
        {"name": "Time", "type": "time", "values": TIMES},
        {"name": name, "type": "number", "values": values, "config": {"displayNameFromDS": name}}]}


def around(middle, spread=0.2):
    """Values that go round the quantiles of a distribution, as history.py's do."""
    values = history.spread(middle, spread)
    return [values[i % len(values)] for i in range(POINTS)]


def durations():
    found = []
    for function in history.FUNCTIONS[1:3]:
        whole = sum(function.facts["phases"])
        found += [line(f"{function.labels['faas_name']} {q}", around(whole * factor)) for q, factor in (("0.5", 1), ("0.95", 1.9))]
    return found


def phases():
    return [line(phase, around(median * 1.9)) for phase, median in zip(history.PHASES, history.FUNCTIONS[2].facts["phases"]) if median]


def search(names):
    """A table of traces, as a search gives them."""
    rows = [1.9, *sorted((value for value in history.spread(0.9) if 0.5 < value < 1.9), reverse=True)[::5][:ROWS - 1]]
    ids = [TRACE, *(f"{i:032x}" for i in range(0xa3ce929d0e0e4736, 0xa3ce929d0e0e4736 + (ROWS - 1) * 0x1234567, 0x1234567))]
    return [{"fields": [
        {"name": "traceID", "type": "string", "values": ids, "config": {"displayNameFromDS": "Trace ID"}},
        {"name": "startTime", "type": "time", "values": [(history.END - 60 * i) * 1000 for i in range(ROWS)], "config": {"displayNameFromDS": "Start time"}},
        {"name": "traceService", "type": "string", "values": ["resize"] * ROWS, "config": {"displayNameFromDS": "Service"}},
        {"name": "traceName", "type": "string", "values": [names] * ROWS, "config": {"displayNameFromDS": "Name"}},
        {"name": "traceDuration", "type": "number", "values": [value * 1000 for value in rows],
         "config": {"displayNameFromDS": "Duration", "unit": "ms"}}]}]


def trace():
    """One: its start, the phases of that one after the other, and the invocation."""
    spans, at = [("POST", "", 0.0, 1900.0), ("cold start", "1", 1.0, 677.0)], 1.0
    for phase, seconds in zip(history.PHASES, history.FUNCTIONS[2].facts["phases"]):
        spans.append((phase, "2", at, seconds * 1000))
        at += seconds * 1000
    spans.append(("POST", "1", at, 1210.0))
    begin = (history.END - 60) * 1000
    columns = {"traceID": [TRACE] * len(spans), "spanID": [str(i + 1) for i in range(len(spans))],
               "parentSpanID": [parent for _, parent, _, _ in spans], "operationName": [name for name, *_ in spans],
               "startTime": [begin + start for _, _, start, _ in spans], "duration": [took for *_, took in spans]}
    return [{"fields": [{"name": name, "type": "number" if name in ("startTime", "duration") else "string", "values": values}
                        for name, values in columns.items()]}]


KINDS = {"Duration of starts by function": durations, "p95 by phase": phases, "Slow starts": lambda: search("POST"),
         "One start": trace, "Starts by class": lambda: [line("on_demand", around(0.06, 0.05)), line("fork_pool", around(0.02, 0.05))],
         "Slow code": lambda: search("POST"), "Slow cold invocations": lambda: search("POST")}


def answers(**chosen):
    board = next(board for board in boards.all_boards() if board["uid"] == "coldspan-traces")
    values = {**boards.chosen(board), **CHOSEN[board["uid"]], **chosen}
    return {boards.filled_in(query, values): KINDS[title]() for title, query in boards.traceql(board)}


ANSWERS = answers()

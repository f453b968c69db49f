#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every TraceQL query of the boards is one by its grammar, and names attributes that our spans have.

usage: traceql.py [--only WORDS]

The grammar is Grafana's own (@grafana/lezer-traceql). What a query finds is not tried: no Tempo could be built here.
"""
import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import boards
from lib import cases, peers
from lib.cases import case

PAGE = boards.ROOT / "docs/traces.md"
PARSE = """
const { parser } = require("@grafana/lezer-traceql");
const wrong = (text) => {
    const found = [];
    parser.parse(text).iterate({ enter: ({ type, from, to }) => { if (type.isError) found.push([from, to]); } });
    return found;
};
console.log(JSON.stringify(JSON.parse(process.argv[1]).map(wrong)));
"""
TRACE_ID = "$traceID"


def _queries():
    """(where, query as Tempo is asked)"""
    for board in boards.all_boards():
        for title, query in boards.traceql(board):
            if query != TRACE_ID:
                yield f"{board['title']}: {title}", boards.filled_in(query, boards.chosen(board))


def mistakes(texts):
    """Of each: where its parser stumbles."""
    run = subprocess.run(["node", "-e", PARSE, json.dumps(texts)], check=True, capture_output=True, text=True,
                         env={"NODE_PATH": str(peers.path("grafana_scenes")), "PATH": "/usr/local/bin:/usr/bin:/bin"})
    return json.loads(run.stdout)


@case
def every_query_is_one_by_the_grammar():
    found = list(_queries())
    assert len(found) > 5
    for (where, query), wrong in zip(found, mistakes([query for _, query in found])):
        assert not wrong, f"{where}: {query}, at {wrong}"


@case
def what_is_no_query_would_be_seen():
    bad = ["{ span.faas.coldstart = }", "{ duration > .5 } | quantile(", "{ name = \"x\" "]
    assert all(mistakes(bad)), mistakes(bad)


@case
def attributes_and_names_are_those_of_our_spans():
    page, seen = PAGE.read_text("utf-8"), 0
    for where, query in _queries():
        for name in re.findall(r"\b(?:span|resource)\.([\w.]+)", query):
            seen += 1
            # `coldspan.opens.user`, `.dependency`: the page shortens names that go on alike.
            assert f"`{name}`" in page, f"{where} asks for {name}: docs/traces.md does not name it"
        for name in re.findall(r'\bname = "([^"]*)"', query):
            assert f"─ {name} " in page, f"{where}: no span is called {name!r}"
    assert seen > 10


if __name__ == "__main__":
    cases.main(cases.parser(__doc__).parse_args())

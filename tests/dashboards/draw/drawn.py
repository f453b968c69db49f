#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The boards, drawn by Grafana's own panels in a browser about a known past: nothing empty, cut, faint or without unit.

usage: drawn.py [--only WORDS]
"""
import copy
import pathlib
import sys
import tempfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import boards
import judge
import tempo
from draw import Studio
from lib import cases
from lib.cases import case

THEMES, WIDTHS = ("light", "dark"), (1280, 1920)


def named(uid):
    return copy.deepcopy(next(board for board in boards.all_boards() if board["uid"] == uid))


def wrong(studio, drawn):
    return [*judge.findings(drawn), *(f"the page says: {said}" for said in studio.browser.said)]


@case
def every_board_can_be_read_in_both_themes_at_two_sizes(studio):
    found, panels, texts = [], 0, 0
    for board in boards.all_boards():
        for theme in THEMES:
            for width in WIDTHS:
                # Rows that are closed at first are opened: they are looked at as well.
                drawn = studio.draw(board, theme, width, open=True, values=tempo.CHOSEN.get(board["uid"], {})) \
                    if width == WIDTHS[0] else studio.resized(width)
                found += [f"{board['uid']}, {theme}, {width}: {one}" for one in wrong(studio, drawn)]
                assert len(drawn["panels"]) == len(list(boards.panels(board)))
                panels += len(drawn["panels"])
                texts += len(drawn["texts"])
    assert not found, "\n".join([f"{len(found)} things wrong", *found[:40]])
    assert panels > 300 and texts > 10 * panels, (panels, texts)


@case
def closed_rows_are_closed(studio):
    board = named("coldspan-function")
    drawn = studio.draw(board, "dark", WIDTHS[0])
    assert not wrong(studio, drawn), wrong(studio, drawn)
    closed = sum(len(panel.get("panels", [])) for panel in board["panels"])
    assert closed and len(drawn["panels"]) == len(list(boards.panels(board))) - closed


@case
def a_function_that_did_not_start_says_so(studio):
    drawn = studio.draw(named("coldspan-function"), "dark", WIDTHS[0], values={"faas_name": "warm"})
    said = {panel["title"]: " ".join(text["text"] for text in panel["texts"]) for panel in drawn["panels"]}
    for title, words in (("Start p95", "no starts in range"), ("Duration of starts", "no starts in range"),
                         ("Duration, cold", "no cold invocations in range")):
        assert words in said[title], (title, said[title])
    assert not [panel for panel in drawn["panels"] if panel["state"] != "Done"]
    # These words have room, too, and nothing else is wrong.
    rest = [one for one in wrong(studio, drawn) if not one.endswith("is empty")]
    assert not rest, rest


# A name as no platform would give it, with all that means something in an address.
ODD = "a&b#c+d?e=f/g é%20"


def links(studio, uid):
    """What the links that are drawn to that board set: [{variable: [value]}]"""
    found = studio.browser.evaluate(
        f"[...new Set([...document.querySelectorAll('a')].map((a) => a.getAttribute('href')))].filter((to) => to?.includes('/d/{uid}'))")
    assert all(not urllib.parse.urlsplit(one).fragment for one in found), found
    return [urllib.parse.parse_qs(urllib.parse.urlsplit(one).query, keep_blank_values=True) for one in found]


@case
def a_name_in_the_table_leads_to_its_board_whatever_it_is(studio):
    board = named("coldspan-fleet")
    for target in panel_of(board, "Functions, one by one")["targets"]:
        target["expr"] = f'label_replace({target["expr"]}, "faas_name", "{ODD}", "faas_name", "hello")'
    studio.draw(board, "light", WIDTHS[0])
    found = links(studio, "coldspan-function")
    assert sorted(one["var-faas_name"] for one in found) == sorted([[ODD], ["resize"], ["warm"]]), found
    assert all(one["var-job"] == ["$__all"] and one["var-prometheus_datasource"] and one["from"] and one["to"] for one in found), found


@case
def an_id_in_the_table_leads_to_its_trace_with_what_was_chosen(studio):
    studio.draw(named("coldspan-traces"), "light", WIDTHS[0], values={**tempo.CHOSEN["coldspan-traces"], "function": ODD})
    found = links(studio, "coldspan-traces")
    assert len(found) == tempo.ROWS and [tempo.TRACE] in [one["var-traceID"] for one in found], found
    assert all(one["var-function"] == [ODD] and one["var-slower_than"] == ["500ms"] and one["var-tempo_datasource"]
               for one in found), found


# --- that it would be seen ---------------------------------------------------------------------------

def panel_of(board, title):
    return next(panel for panel in boards.panels(board) if panel["title"] == title)


def a_query_without_an_answer(board):
    panel_of(board, "Errors by function")["targets"][0]["expr"] = "nothing_of_the_kind"


def a_query_that_is_none(board):
    panel_of(board, "Errors by function")["targets"][0]["expr"] = "sum(rate("


def a_long_title(board):
    panel_of(board, "Errors")["title"] = "Errors of all functions that there are"


def a_faint_colour(board):
    panel_of(board, "Errors")["options"]["colorMode"] = "value"
    panel_of(board, "Errors")["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["color"] = "orange"


def no_unit(board):
    panel_of(board, "Start p95 by function")["fieldConfig"]["defaults"]["unit"] = "short"


def a_table_without_names(board):
    panel_of(board, "Functions, one by one")["transformations"].pop()


def no_number(board):
    mapping = {"type": "range", "options": {"from": 0, "to": 1e9, "result": {"text": "NaN"}}}
    panel_of(board, "Start p95")["fieldConfig"]["defaults"]["mappings"] = [mapping]


MISTAKES = {a_query_without_an_answer: "Errors by function: is empty", a_query_that_is_none: "Errors by function: Error:",
            a_long_title: "'Errors of all functions that there are' is cut", a_faint_colour: "has a contrast of 2.",
            no_unit: "Start p95 by function: an axis without a unit",
            a_table_without_names: "Functions, one by one: shows 'Value #'", no_number: "Start p95: shows 'NaN'"}


@case
def each_mistake_is_seen(studio):
    for mistake, words in MISTAKES.items():
        board = named("coldspan-fleet")
        mistake(board)
        found = list(judge.findings(studio.draw(board, "light", WIDTHS[0], open=True)))
        assert any(words in one for one in found), (mistake.__name__, found[:10])


@case
def texts_over_each_other_are_seen(studio):
    studio.draw(named("coldspan-fleet"), "light", WIDTHS[0])
    studio.browser.evaluate("document.querySelectorAll('[data-viz-panel-key]')[1].style.marginLeft = '-150px'")
    found = list(judge.findings(studio.browser.evaluate("coldspan.measure()")))
    assert any("'Functions' and 'Invocations' overlap" in one for one in found), found[:10]


def main():
    args = cases.parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder, Studio(folder, {**tempo.ANSWERS, **tempo.answers(function=ODD)}) as studio:
        cases.main(args, studio)


if __name__ == "__main__":
    main()

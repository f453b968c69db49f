# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a board that was drawn: judged by what page/measure.js saw of it."""
import re

CONTRAST = 4.5  # WCAG 2.2, 1.4.3, of small text; large text is held to it, too
CUT_PX, CUT_HIGH_PX = 1.5, 3  # a letter's own box is a little higher than what is drawn of it
APART_PX = 1

TIME = re.compile(r"\d\d:\d\d(:\d\d)?|\d\d/\d\d( \d\d:\d\d)?|\d{4}-\d\d-\d\d")
BARE = re.compile(r"[-−]?[\d.,]+( ?(K|Mil|Bil|Tri))?")  # a number, or one of thousands
BROKEN = re.compile(r"NaN|undefined|Infinity|\[object|\bnull\b|No data|\$\{|\$__|Value #")


def luminance(colour):
    parts = [value / 255 for value in colour]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def faint(text):
    least = min(contrast(*pair) for pair in text["colours"])
    return f"{text['text']!r} has a contrast of {least:.2f}" if least < CONTRAST else None


def size(box):
    return box["right"] - box["left"], box["bottom"] - box["top"]


def cut(text):
    (width, height), (seen, high) = size(text["box"]), size(text["visible"])
    if seen < width - CUT_PX or high < height - CUT_HIGH_PX:
        return f"{text['text']!r} is cut: {max(seen, 0):.0f} of {width:.0f} x {max(high, 0):.0f} of {height:.0f} pixels"
    return None


def overlaps(texts):
    """Pairs of texts that are drawn over each other, from the top of the page down."""
    ordered = sorted(texts, key=lambda text: text["visible"]["top"])
    for i, one in enumerate(ordered):
        a = one["visible"]
        for other in ordered[i + 1:]:
            b = other["visible"]
            if b["top"] > a["bottom"]:
                break
            if min(a["right"], b["right"]) - max(a["left"], b["left"]) > APART_PX and \
                    min(a["bottom"], b["bottom"]) - b["top"] > 2 * APART_PX:
                yield f"{one['text']!r} and {other['text']!r} overlap"


def axis(panel):
    """Numbers of an axis that tell no unit, where no label does."""
    drawn = [text for text in panel["texts"] if text["where"] == "canvas"]
    marks = [text["text"] for text in drawn if not text["turned"] and not TIME.fullmatch(text["text"])]
    if any(text["turned"] for text in drawn):
        return None
    if not marks:
        return "an axis without numbers"
    bare = [mark for mark in marks if BARE.fullmatch(mark)]
    return f"an axis without a unit: {bare}" if bare else None


def of_panel(panel):
    if panel["state"] != "Done" or panel.get("error"):
        yield f"{panel['state']}: {panel.get('error')}"
        return
    if panel["type"] != "text" and (panel["nothing"] or not panel["frames"]):
        yield "is empty"
        return
    shown = " | ".join(text["text"] for text in panel["texts"])
    if BROKEN.search(shown):
        yield f"shows {BROKEN.search(shown)[0]!r}: {shown[:200]}"
    if len(panel["texts"]) < 2:
        yield f"shows nothing but {shown!r}"
    if panel["type"] in ("timeseries", "heatmap"):
        wrong = axis(panel)
        if wrong:
            yield wrong


def findings(drawn):
    """All that is wrong, a line each."""
    for panel in drawn["panels"]:
        yield from (f"{panel['title']}: {wrong}" for wrong in of_panel(panel))
    for text in drawn["texts"]:
        yield from filter(None, (faint(text), cut(text)))
    yield from overlaps(drawn["texts"])
    if drawn["wide"] > drawn["width"]:
        yield f"the page is {drawn['wide']} pixels wide in a window of {drawn['width']}"

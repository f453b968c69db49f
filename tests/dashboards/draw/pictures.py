#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes pictures of the boards, as they look at first, in both themes: those of docs/dashboards.md.

usage: pictures.py [FOLDER]
"""
import base64
import pathlib
import struct
import sys
import tempfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import boards
import tempo
from draw import Studio

FOLDER = boards.ROOT / "docs/pictures"
WIDTH = 1280
# A picture of 256 colours is a third as large: half of them are those most seen, half those that differ most from all
# before them; others become the nearest of these.
PALETTE = """async (png) => {
    const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    canvas.drawImage(bitmap, 0, 0);
    const { data, width, height } = canvas.getImageData(0, 0, bitmap.width, bitmap.height);
    const pixels = new Uint32Array(data.buffer), count = new Map();
    for (const pixel of pixels) count.set(pixel, (count.get(pixel) ?? 0) + 1);
    const parts = (c) => [c & 255, c >> 8 & 255, c >> 16 & 255], nearest = new Map();
    const all = [...count.keys()].sort((a, b) => count.get(b) - count.get(a)), colours = all.slice(0, 128).map(parts);
    const apart = ([r, g, b], [x, y, z]) => (x - r) ** 2 + (y - g) ** 2 + (z - b) ** 2;
    const rest = all.slice(128).map((c) => ({ c: parts(c), d: Math.min(...colours.map((one) => apart(one, parts(c)))) }));
    while (colours.length < 256 && rest.length) {
        const next = rest.reduce((best, one) => one.d > best.d ? one : best).c;
        colours.push(next);
        for (const one of rest) one.d = Math.min(one.d, apart(one.c, next));
    }
    for (const colour of count.keys()) {
        const [r, g, b] = parts(colour), far = ([x, y, z]) => (x - r) ** 2 + (y - g) ** 2 + (z - b) ** 2;
        nearest.set(colour, colours.reduce((best, one, i) => far(one) < far(colours[best]) ? i : best, 0));
    }
    let text = "";
    const indices = Uint8Array.from(pixels, (pixel) => nearest.get(pixel));
    for (let at = 0; at < indices.length; at += 32768) text += String.fromCharCode(...indices.subarray(at, at + 32768));
    return { width, height, colours, pixels: btoa(text) };
}"""


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def small(browser, png):
    """The same picture with 256 colours. Format: PNG, third edition, 11.2."""
    got = browser.evaluate(f"({PALETTE})({base64.b64encode(png).decode()!r})")
    pixels, width = base64.b64decode(got["pixels"]), got["width"]
    lines = b"".join(b"\0" + pixels[at:at + width] for at in range(0, len(pixels), width))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, got["height"], 8, 3, 0, 0, 0)) +
            chunk(b"PLTE", bytes(sum(got["colours"], []))) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b""))


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, Studio(work, tempo.ANSWERS) as studio:
        for board in boards.all_boards():
            for theme in ("light", "dark"):
                studio.draw(board, theme, WIDTH, values=tempo.CHOSEN.get(board["uid"], {}))
                path = folder / f"{board['uid']}-{theme}.png"
                path.write_bytes(small(studio.browser, studio.picture()))
                print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

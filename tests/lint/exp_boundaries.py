#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a boundary in collector/metrics/exp_index.c is not ⌊2^(52 + i/256)⌋.

In integers: t is that floor if t^256 ≤ 2^(52·256 + i) < (t + 1)^256.

usage: exp_boundaries.py ROOT
"""
import pathlib
import re
import sys


def main():
    text = (pathlib.Path(sys.argv[1]) / "collector/metrics/exp_index.c").read_text()
    body = text.split("boundaries[1 << CS_EXP_SCALE_MAX] = {")[1].split("}")[0]
    table = [int(word, 16) for word in re.findall(r"0x[0-9a-f]+", body)]
    wrong = [i for i, t in enumerate(table)
             if not t ** 256 <= 1 << (52 * 256 + i) < (t + 1) ** 256]
    if len(table) != 256 or wrong:
        print(f"{len(table)} boundaries, of which these are wrong: {wrong}")
        return 1
    print("256 boundaries are what they should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())

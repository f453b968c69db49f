# SPDX-License-Identifier: Apache-2.0
"""Queries for Prometheus, good and bad ones, by a generator: those of a grammar, these with something broken, and words
in any order. Regular expressions among them are all good and match nothing that is empty: they are not looked into.
"""
import random

WORDS = """a sum rate by without ( ) { } [ ] 5m 1 1h30m 0x1F 1e3 .5 5. x="1" x=~"a|b" , + - * / % ^ == != < >= bool on
ignoring group_left group_right offset @ start() end() start end and or unless atan2 inf NaN "s" `r` 'q' : a:b :x time()
topk count_values label_replace histogram_quantile clamp round {__name__="x"} {} _ 0 1ms 5m5m 0s ! =~ [5m] [5m:1m] [1h:]
info pi() quantile é "é" \\ "\\n" "\\z" 1_000 0b1 007 1h1 5m30 SUM BY step() range() max_of smoothed </ >/ [5] [-5m]
[5m+1m] offset(5m) [2^3] %0 1.5m 0x 1e+ 1E5 -1 __name__ a{__name__="b"} {"a"} a{"b"} {"a","b"} x=""
""".split()
LEAVES = ["a", 'b{x="1"}', '{x=~".+"}', "1", "a[5m]", '"s"', "time()", "a offset 5m", "a @ 1", "sum(a)", "5m", "1.5",
          "a[5m:1m]", "inf", '{"m",y!="2"}', "x:y", "vector(1)", "scalar(a)", "a[5m] offset 1h", "a @ end()", "on", "by",
          "offset", "bool", "start", "without", "count", "a{}", '{x=""}', '{x!=""}', "a smoothed", "a[step() * 2]"]
FUNCTIONS = """abs rate increase sum avg topk histogram_quantile absent scalar vector round label_replace clamp count_values
quantile hour irate delta quantile_over_time sort label_join sum_over_time timestamp max min group clamp_min info pi time
count_over_time predict_linear max_of""".split()
OPERATORS = "+ - * / % ^ == != < <= > >= and or unless atan2 </".split()
MATCHINGS = [*[""] * 6, "bool ", "on (x) ", "ignoring () ", "on(x) group_left() ", "on (x) group_right (y) ", 'bool on("x") ']
BEHIND = ["[5m]", "[5m:1m]", "[5m:]", " offset 5m", " offset -1h", " @ 1", " @ start()", " @ -1.5", "[5m : 1m]", "[5]",
          " offset 5", " offset 0s", " @ inf", " @ 1m"]
LETTERS = "(){}[],:@\"'`=!~+-*/%^<> \n#0159.axe_msh\\"


def by_grammar(dice, depth):
    def inner():
        return by_grammar(dice, depth - 1)
    if depth <= 0:
        return dice.choice(LEAVES)
    kind = dice.randrange(11)
    if kind < 3:
        return f"{inner()} {dice.choice(OPERATORS)} {dice.choice(MATCHINGS)}{inner()}"
    if kind < 6:
        return f"{dice.choice(FUNCTIONS)}({', '.join(inner() for _ in range(dice.choice([0, 1, 1, 1, 2, 2, 3, 5])))})"
    if kind == 6:
        return f"{dice.choice(['sum', 'topk', 'count_values'])}{dice.choice([' by (x) ', ' without () ', ' by (x,)'])}({inner()})"
    if kind == 7:
        return f"({inner()})"
    if kind == 8:
        return dice.choice("+-") + inner()
    if kind == 9:
        return inner() + dice.choice(BEHIND)
    return f"sum({inner()}){dice.choice([' by (x)', 'by(x)', ' without (x, y)'])}"


def number(dice, depth):
    if depth <= 0:
        return dice.choice(["1", "-0.5", "5m", "1_000", "inf", "time()", "0x1F"])
    return dice.choice([lambda: f"scalar({series(dice, depth - 1)})", lambda: f"({number(dice, depth - 1)})",
                        lambda: f"{number(dice, depth - 1)} {dice.choice('+-*/%^')} {number(dice, depth - 1)}",
                        lambda: f"{number(dice, depth - 1)} < bool {number(dice, depth - 1)}"])()


def ranged(dice, depth):
    if depth <= 0:
        return dice.choice(["a[5m]", 'b{x!~"y"}[1h30m] offset 1d', "c[300] @ end()", "d[5m + step()]", "e[1m] smoothed"])
    return series(dice, depth - 1) + dice.choice(["[5m:1m]", "[1h:]", "[2^3 : 10s] offset -5m", "[5m:] @ 1.5"])


def series(dice, depth):
    """One that is well formed, types and all."""
    if depth <= 0:
        return dice.choice(["a", 'b{x="1",y=~"2.+"}', '{"m"}', "c offset 5m", "d @ start()", "on_call", "sum", '{z!=""}'])
    return dice.choice([
        lambda: f"rate({ranged(dice, 0)})", lambda: f"max_over_time({ranged(dice, depth - 1)})", lambda: f"-{series(dice, depth - 1)}",
        lambda: f"sum by (x, on) ({series(dice, depth - 1)})", lambda: f"topk({number(dice, depth - 1)}, {series(dice, depth - 1)}) without ()",
        lambda: f"count_values('v', {series(dice, depth - 1)})", lambda: f"({series(dice, depth - 1)})",
        lambda: f"{series(dice, depth - 1)} {dice.choice(OPERATORS[:-1])} {series(dice, depth - 1)}",
        lambda: f"{series(dice, depth - 1)} {dice.choice(['+ on (x) group_left(y)', '== bool', '/ ignoring(x)'])} {series(dice, depth - 1)}",
        lambda: f"{number(dice, depth - 1)} {dice.choice('+-*/%^<')} {series(dice, depth - 1)}",
        lambda: f"histogram_quantile({number(dice, 0)}, {series(dice, depth - 1)})", lambda: f"clamp({series(dice, depth - 1)}, 1, 2)",
        lambda: f'label_replace({series(dice, depth - 1)}, "x", "r", "y", "(s)")', lambda: f"vector({number(dice, depth - 1)})",
    ])()


def broken(dice, query):
    letters = list(query)
    for _ in range(dice.randrange(1, 3)):
        at = dice.randrange(len(letters) + 1)
        letters[at:at + dice.randrange(2)] = dice.choice([[], [dice.choice(LETTERS)], [f" {dice.choice(WORDS)} "]])
    return "".join(letters)


def queries(seed, count):
    """That many, none twice; the same ones for the same @seed. About a third are good."""
    dice, found = random.Random(seed), {}
    while len(found) < count:
        query = dice.choice([
            lambda: by_grammar(dice, 3), lambda: broken(dice, by_grammar(dice, 2)), lambda: broken(dice, series(dice, 2)),
            lambda: dice.choice(["", " "]).join(dice.choice(WORDS) for _ in range(dice.randrange(1, 9))),
            lambda: series(dice, 3), lambda: series(dice, 2)])()
        if query.strip():
            found[query] = None
    return list(found)

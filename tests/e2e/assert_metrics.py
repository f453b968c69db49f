#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What budgets may be set on beside phases: is each measured truly, or refused with its place?

usage: assert_metrics.py --coldspan FILE
"""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import asserting, cases, control_groups
from lib.asserting import KEPT, OVER, USAGE, coldspan, expect, plan
from lib.cases import case

TRACEFS = pathlib.Path("/sys/kernel/tracing")
# Slower with the shim only: some 50,000 turns of a loop, which takes far longer than any shell to start.
SLOWED = ("case \"$LD_PRELOAD\" in *coldspan*) i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done;; esac; "
          "echo \"${LD_PRELOAD:-none}\" >>seen")

BUSY = """import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
parent = os.getppid()
while os.getppid() == parent:
    sum(range(10_000))
"""


def measured(folder, name="f"):
    document = json.loads((folder / "r.json").read_text())
    return next(function for function in document["functions"] if function["function"] == name)


@case
def overhead_is_told_by_the_same_start_without_the_shim(args, folder):
    plan(folder, f"  f: {{shell: {json.dumps(SLOWED)}, budgets: ['overhead <= 50%']}}\n",
         "defaults: {runs: 10, max_runs: 10, warmup: 0, slow_processor: take}\n")
    got = coldspan(args, folder, "-o", "json=r.json")
    expect(got, OVER, r"each beside one without the shim", r"FAIL +p50 overhead <= \+50.0 % +\+\d+ %")
    seen = (folder / "seen").read_text().split()
    # A disturbed pair is measured once more, both halves.
    assert len(seen) >= 20 and seen.count("none") * 2 == len(seen), seen
    function = measured(folder)
    assert function["baseline_samples"] is None and function["reference_samples"] is None, function
    others = function["unwatched_samples"]
    assert len(others["wall_ns"]) == 10 and "total_ns" not in others, others.keys()
    expect(coldspan(args, folder, "--from", "r.json"), OVER, r"FAIL +p50 overhead <= \+50.0 %")


@case
def what_is_as_fast_with_the_shim_keeps_it(args, folder):
    plan(folder, "  f: {run: [/bin/true], budgets: [overhead <= 100s, p50 wall <= 100s, cpu.sys <= 100s]}\n")
    expect(coldspan(args, folder), KEPT, r"PASS +p50 overhead <= 100 s", r", which is ")


@case
def others_are_not_what_a_budget_is_relative_to(args, folder):
    plan(folder, "  f: {run: [/bin/true], budgets: [overhead <= 100s]}\n")
    expect(coldspan(args, folder, "-o", "json=r.json"), KEPT)
    plan(folder, "  f: {run: [/bin/true], baseline: {run: [/bin/true]}, budgets: [wall <= 100x vs baseline]}\n")
    expect(coldspan(args, folder, "--from", "r.json"), USAGE,
           r"compares with something else than these unwatched_samples")
    plan(folder, "  f: {run: [/bin/true], budgets: [shared_objects <= 100]}\n")
    expect(coldspan(args, folder, "--from", "r.json"), KEPT, r"each beside one without the shim")


@case
def of_the_process(args, folder):
    plan(folder, "  wait: {run: [sleep, '0.3'], budgets: [cpu.wait <= 100s, wall <= 100s]}\n"
                 "  burn: {run: [sh, -c, 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'],\n"
                 "         budgets: [cpu.user <= 100s, cpu.sys <= 100s, io.read_bytes <= 100GiB, files.opened <= 999]}\n")
    expect(coldspan(args, folder, "-o", "json=r.json"), KEPT, r"PASS +p50 cpu.wait", r"PASS +p50 wall",
           r"PASS +p50 cpu.user", r"PASS +p50 cpu.sys", r"PASS +p50 io.read_bytes", r"PASS +files.opened")
    samples = measured(folder, "wait")["samples"]
    assert min(samples["cpu.wait_ns"]) > 250e6 and min(samples["wall_ns"]) > 300e6, samples
    samples = measured(folder, "burn")["samples"]
    opens = [samples[f"opens.{name}"] for name in ("user", "dependency", "runtime", "native", "other")]
    assert all(user + system > 1e6 for user, system in zip(samples["cpu.user_ns"], samples["cpu.sys_ns"])), samples
    assert samples["files.opened"] == [sum(start) for start in zip(*opens)], samples
    assert all(ns >= 0 for ns in samples["io.read_bytes"])


@case
def each_start_has_the_same_processor_where_that_is_asked(args, folder):
    print_them = "import os; print(sorted(os.sched_getaffinity(0)), file=open('has', 'a'))"
    ours = sorted(os.sched_getaffinity(0))
    for asked, expected in (("same", ours[:1]), ("any", ours)):
        plan(folder, f"  f: {{run: [{json.dumps(sys.executable)}, -c, {json.dumps(print_them)}], processor: {asked},\n"
                     "      budgets: [overhead <= 100s]}\n", "defaults: {runs: 5, max_runs: 5, warmup: 0}\n")
        (folder / "has").unlink(missing_ok=True)
        expect(coldspan(args, folder, "--show-origin"), KEPT, rf"f.processor = {asked}\n")
        expect(coldspan(args, folder), KEPT)
        has = (folder / "has").read_text().splitlines()
        assert len(has) >= 4 and set(has) == {str(expected)}, has


def slowed_of(noise):
    """Of each start, the more of before and after."""
    return [max(pair) for pair in zip(noise["slowed.before_factor"], noise["slowed.after_factor"])]


@case
def a_start_on_a_slow_processor_is_made_again_and_told(args, folder):
    """How slow they are is the machine's; a load on the one that all have changes what it will."""
    plan(folder, "  f: {run: &f [sh, -c, 'echo >>seen'], processor: same, baseline: {run: *f},\n"
                 "      budgets: [total <= 100x vs baseline]}\n",
         "defaults: {runs: 10, max_runs: 10, warmup: 0}\n")
    with subprocess.Popen([sys.executable, "-c", BUSY, str(min(os.sched_getaffinity(0)))]) as load:
        try:
            got = coldspan(args, folder, "-o", "json=r.json")
        finally:
            load.kill()
    expect(got, KEPT)
    sides = [measured(folder)[name] for name in ("noise", "baseline_noise")]
    starts = len((folder / "seen").read_text().splitlines())
    slow, not_taken = (sum(count(side) for side in sides) for count in (
        lambda side: sum(slowed > 1.15 for slowed in slowed_of(side)), lambda side: sum(side["not_taken"])))
    assert all(len(slowed_of(side)) == 10 and min(slowed_of(side)) >= 1 and max(side["not_taken"]) <= 5
               for side in sides), sides
    if any(sides[0]["again"]):
        assert starts >= 20 + not_taken, (starts, sides)  # others were made of pairs that were made again
    else:
        assert starts == 20 + not_taken, (starts, sides)
    told = re.search(r", (\d+) of 20 on a slow processor \((\d+) more were not taken\)", got.stdout)
    assert (tuple(map(int, told.groups())) if told else (0, 0)) == (slow, not_taken), (got, sides)
    expect(coldspan(args, folder, "--from", "r.json"), KEPT, re.escape(told[0]) if told else "starts disturbed;")


@case
def a_quota_is_told_and_leaves_no_room_for_probes(args, folder):
    """Half a processor of the time, of version 1 or 2; where no such group can be made, nothing is shown."""
    plan(folder, "  f: {run: &f [/bin/true], baseline: {run: *f}, budgets: [total <= 100x vs baseline]}\n")
    with control_groups.cpu_quota("coldspan-assert-quota", 0.5) as group:
        words = shlex.join([str(args.coldspan), "assert", "-o", "json=r.json"])
        got = subprocess.run(["sh", "-c", f"{control_groups.enter(group)}; exec {words}"], cwd=folder, timeout=300, text=True,
                             capture_output=True, check=False, env=asserting.environment())
    expect(got, KEPT, r"held back by the CPU quota [\d.]+ %, ")
    noise = measured(folder)["noise"]
    assert len(noise["throttled_ns"]) == 5 and min(noise["throttled_ns"]) >= 0, noise
    assert not any(key.startswith(("slowed.", "not_taken")) for key in noise), noise


@case
def it_counts_where_that_is_asked_or_nothing_is_compared(args, folder):
    for more in ("slow_processor: take, baseline: {run: [/bin/true]}, budgets: [total <= 100x vs baseline]",
                 "budgets: [total <= 100s]"):
        plan(folder, f"  f: {{run: [/bin/true], {more}}}\n")
        got = coldspan(args, folder, "-o", "json=r.json")
        expect(got, KEPT)
        noise = measured(folder)["noise"]
        assert "window_ns" in noise and not any(key.startswith(("slowed.", "not_taken")) for key in noise), noise
        assert "slow processor" not in got.stdout, got
    expect(coldspan(args, folder, "--show-origin"), KEPT, r"f.slow_processor = avoid\n")


@case
def samples_are_told_apart_by_what_was_done_about_it(args, folder):
    """Pairs of --null avoid slow processors, too."""
    found = set()
    for how in ("avoid", "take"):
        plan(folder, f"  f: {{run: [/bin/true], processor: same, slow_processor: {how}, budgets: [total <= 100s]}}\n")
        expect(coldspan(args, folder, "--null", "-o", "json=r.json"), KEPT)
        found.add(measured(folder)["measured_as"])
    assert len(found) == 2, found


@case
def what_is_deployed_has_a_size(args, folder):
    (folder / "dist/deep").mkdir(parents=True)
    (folder / "dist/a").write_bytes(b"x" * 1000)
    (folder / "dist/deep/b").write_bytes(b"x" * 24)
    (folder / "dist/link").symlink_to("/bin/sh")
    (folder / "dist.zip").write_bytes(b"x" * 77)
    plan(folder, "  f: {run: [/bin/true], package: dist, budgets: [package.bytes <= 1023B]}\n"
                 "  z: {run: [/bin/true], package: dist.zip, budgets: [package.bytes <= 77B]}\n")
    expect(coldspan(args, folder, "-o", "json=r.json"), OVER, r"FAIL +package.bytes <= 1023 B +1.00 KiB",
           r"PASS +package.bytes <= 77 B")
    assert measured(folder)["samples"]["package.bytes"] == [1024] * 5
    (folder / "current").symlink_to("dist")
    plan(folder, "  f: {run: [/bin/true], package: current, budgets: [package.bytes <= 1023B]}\n")
    expect(coldspan(args, folder), OVER, r"FAIL +package.bytes <= 1023 B +1.00 KiB")
    for beside in ("reference", "baseline"):
        plan(folder, f"  f: {{run: [/bin/true], package: dist, {beside}: {{run: [/bin/true]}},\n"
                     f"      budgets: [package.bytes <= +5% vs {beside}]}}\n")
        expect(coldspan(args, folder), USAGE, r"coldspan.yaml:5:\d+: the package of f is the same there; ")
    plan(folder, "  z: {run: [/bin/true], package: dist.zip, budgets: [package.bytes <= 77B]}\n")
    (folder / "dist.zip").unlink()
    expect(coldspan(args, folder, "z"), asserting.NO_DATA, r"NO DATA +package.bytes")
    plan(folder, "  f: {run: [/bin/true], budgets: [package.bytes <= 1023B]}\n")
    expect(coldspan(args, folder), USAGE, r"coldspan.yaml:4:\d+: package.bytes is not known of f; write package: ")


PRICES = "{date: 2026-11-22, source: a list, per_request: 0.0000002USD, per_gb_second: 0.0000166667USD"


@case
def what_it_costs_at_the_prices_that_are_named(args, folder):
    plan(folder, "  f: {run: [/bin/true], cost: {memory: 512MiB}, budgets: [cost.per_million <= 0.01USD]}\n"
                 f"  g: {{run: [/bin/true], cost: {{memory: 1GiB, prices: {PRICES}, step: 100s}}}},\n"
                 "      budgets: [max cost.per_million <= 1667USD]}\n",
         asserting.FEW + f"policy: {{prices: {PRICES}}}}}\n")
    got = coldspan(args, folder, "-o", "json=r.json", "-o", "openmetrics=m")
    assert got.returncode in (OVER, KEPT), got
    expect(got, got.returncode, r"PASS +max cost.per_million <= 1667 USD +1667 USD")
    samples = measured(folder)["samples"]
    for total, cost in zip(samples["total_ns"], samples["cost.per_million_usd"]):
        billed_s = -(-total // 1_000_000) / 1000
        assert abs(cost - (0.2 + 1e6 * 0.5 * billed_s * 0.0000166667)) < 1e-9, (total, cost)
    assert all(abs(cost - (0.2 + 1666.67)) < 1e-6 for cost in measured(folder, "g")["samples"]["cost.per_million_usd"])
    assert "coldspan_budget_measured_usd{function=\"g\"" in (folder / "m").read_text()
    # Judged again, it is at the prices of the plan in force.
    plan(folder, f"  f: {{run: [/bin/true], cost: {{memory: 1GiB, prices: {PRICES.replace('0.0000002', '7')}}}}},\n"
                 "      budgets: [max cost.per_million <= 6999999USD]}\n"
                 "  g: {run: [/bin/true], budgets: [total <= 100s]}\n")
    expect(coldspan(args, folder, "--from", "r.json", "-o", "json=again.json"), OVER, r"max cost.per_million")


@case
def prices_have_a_day_and_a_source(args, folder):
    for cost, said in (("{memory: 1GiB}", r"write prices: \{date"),
                       ("{memory: 1GiB, prices: {per_request: 1USD, per_gb_second: 1USD}}", r"prices change: write date"),
                       (f"{{prices: {PRICES}}}}}", r"write memory: 512MiB"),
                       (f"{{memory: 1GiB, prices: {PRICES.replace('0.0000002USD', '0.2')}}}}}", r'"0.2" is no price'),
                       (f"{{memory: -1GiB, prices: {PRICES}}}}}", r'"-1GiB" of memory costs nothing'),
                       (f"{{memory: 1GiB, cold: 1%, prices: {PRICES}}}}}", r"answers no events that could be warm"),
                       (f"{{memory: 1GiB, prices: {PRICES}, step: 0ms}}}}", r"is nothing to bill by")):
        plan(folder, f"  f: {{run: [/bin/true], cost: {cost}, budgets: [cost.per_million <= 1USD]}}\n")
        expect(coldspan(args, folder), USAGE, r"coldspan.yaml:4:\d+: .*" + said)
    plan(folder, "  f: {run: [/bin/true], budgets: [cost.per_million <= 1USD]}\n")
    expect(coldspan(args, folder), USAGE, r"cost.per_million is not known of f; write cost: ")
    plan(folder, "  f: {run: [/bin/true], budgets: [cost.per_million <= 1]}\n")
    expect(coldspan(args, folder), USAGE, r'"1" has no unit; write 1USD')


def with_tracefs(args, folder, *words):
    """In a mount namespace of its own, where tracefs is there."""
    command = shlex.join([str(args.coldspan), "assert", *words])
    return subprocess.run(["unshare", "-m", "sh", "-c", f"mount -t tracefs t {TRACEFS} && exec {command}"], cwd=folder,
                          capture_output=True, text=True, timeout=300, check=False, env=asserting.environment())


@case
def system_calls_are_counted(args, folder):
    if os.geteuid() != 0 or not TRACEFS.is_dir():
        cases.skip("needs root and a kernel with tracefs")
    # What a shell does for `:` it does for itself: true is one process more.
    plan(folder, "  few: {run: [sh, -c, ':'], budgets: [syscalls <= 1000000, syscalls <= 1000x vs unwatched]}\n"
                 "  more: {run: [sh, -c, '/bin/true; :'], budgets: [syscalls <= 1000000]}\n")
    got = with_tracefs(args, folder, "-o", "json=r.json")
    if got.returncode == USAGE and "tracepoint" in got.stderr:
        cases.skip(got.stderr.strip())
    expect(got, KEPT, r"PASS +p50 syscalls <= 1000000", r"PASS +p50 syscalls <= 1000.00 x vs unwatched")
    few, more = (min(measured(folder, name)["samples"]["syscalls"]) for name in ("few", "more"))
    bare = min(measured(folder, "few")["unwatched_samples"]["syscalls"])
    assert 3 < bare < few < more, (bare, few, more)


@case
def what_this_machine_cannot_count_is_refused(args, folder):
    if (TRACEFS / "events").is_dir():
        cases.skip("tracefs is mounted here")
    plan(folder, "  f: {run: [/no/such], budgets: [syscalls <= 5]}\n")
    expect(coldspan(args, folder), USAGE, r"coldspan.yaml:4:34: syscalls are counted by a tracepoint .*; mount tracefs")


@case
def what_is_not_measured_is_refused_with_its_place(args, folder):
    for function, said in (
            ("run: [x], budgets: [dynlink.relocs <= 5]", r"4:27: dynlink.relocs is not measured: .*shared_objects"),
            ("run: [x], budgets: [rss.peak <= 5MiB]", r"4:27: rss.peak is not measured: it is called memory"),
            ("run: [x], budgets: [mmap.bytes <= 5MiB]", r"4:27: mmap.bytes is not measured"),
            ("run: [x], budgets: [mean total <= 5ms]", r"4:27: mean has no bound .*; write median"),
            ("run: [x], budgets: [overhaed <= 5ms]", r'unknown metric "overhaed"; did you mean "overhead"\?'),
            ("run: [x], budgets: [overhead <= 5]", r'"5" is no amount|has no unit|of another kind'),
            ("run: [x], budgets: [overhead <= 5ms vs baseline]", r"4:46: overhead is relative by itself"),
            ("run: [x], budgets: [threads <= 5 vs unwatched]", r"4:43: threads is seen by the shim alone"),
            ("run: [x], baseline: {run: [y]}, budgets: [overhead <= 5ms, total <= 2x vs baseline]",
             r"f has budgets vs unwatched and vs baseline; write two functions"),
            ("function: x, budgets: [cpu.user <= 5ms]", r"4:30: cpu.user is of the process that is started"),
            ("image: x", r"4:14: coldspan starts no images"),
            ("run: [x], baseline: {image: x}", r"4:35: coldspan starts no images")):
        plan(folder, f"  f: {{ {function} }}\n".replace("{ ", "{").replace(" }", "}"))
        expect(coldspan(args, folder), USAGE, r"coldspan.yaml:.*" + said)


if __name__ == "__main__":
    asserting.main(__doc__)

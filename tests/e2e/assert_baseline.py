#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan assert` against a git ref: checked out, built and run beside, in turns, and removed again.

usage: assert_baseline.py --coldspan FILE
The head sleeps where the baseline does not: no load of the machine changes a verdict.
"""
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import asserting, cases
from lib.asserting import KEPT, NO_DATA, OVER, USAGE, environment, expect, plan
from lib.cases import case

PAIRS = "defaults: {runs: 8, max_runs: 8, warmup: 0, timeout: 60s}\n"
SLOW = "#!/bin/sh\nsleep 0.3\ncat built\n"
QUICK = "#!/bin/sh\ncat built\n"


def git(folder, *words):
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main",
           "-c", "commit.gpgSign=false", "-c", "protocol.file.allow=always"]
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder, script, message):
    (folder / "start").write_text(script)
    (folder / "start").chmod(0o755)
    git(folder, "add", "-A", ".")
    git(folder, "commit", "-q", "-m", message)


def repository(folder, below=""):
    """A first commit that is quick, tagged v1, and a second one that is slow."""
    try:
        git(folder, "init", "-q", "repo")
    except FileNotFoundError:
        cases.skip("git is not installed (script/setup installs it)")
    repo = folder / "repo"
    (repo / below).mkdir(exist_ok=True)
    (repo / below / ".gitignore").write_text("built\ncoldspan.yaml\n")
    commit(repo / below, QUICK, "quick")
    git(repo, "tag", "v1")
    commit(repo / below, SLOW, "slow")
    (repo / below / "built").write_text("here\n")
    return repo


def coldspan(args, repo, *words, env=None):
    scratch = repo.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    got = asserting.coldspan(args, repo, *words, env={"TMPDIR": str(scratch), **(env or {})})
    nothing_is_left(repo, got)
    return got


def nothing_is_left(repo, got):
    assert list((repo.parent / "scratch").iterdir()) == [], got
    assert git(repo, "worktree", "list", "--porcelain").count("worktree ") == 1, got
    assert git(repo, "status", "--porcelain") == "", got


@case
def a_ref_is_built_and_compared_with(args, folder):
    repo = repository(folder, "below")
    plan(repo / "below", "  f:\n    run: [./start]\n    baseline: {ref: v1, build: 'echo > built; git status > /dev/null'}\n"
                         "    budgets: [total <= +50% vs baseline]\n", PAIRS)
    expect(coldspan(args, repo, "-c", "below/coldspan.yaml"), OVER, r"FAIL +p50 total <= \+50\S* % vs baseline")
    expect(coldspan(args, repo, "-c", "below/coldspan.yaml", "--null"), KEPT, r"(PASS|UNSTABLE|INCONCLUSIVE) +p50 total")
    assert (repo / "below/built").read_text() == "here\n", "built in the head's own tree"


@case
def a_ref_of_the_command_line_needs_no_budget(args, folder):
    repo = repository(folder)
    git(repo, "checkout", "-q", "-b", "other")
    plan(repo, "  f: {run: [./start], baseline: {ref: nothere, build: 'touch built'}, budgets: []}\n", PAIRS)
    expect(coldspan(args, repo, "--baseline", "v1"), OVER, r"FAIL +p50 total <= \+3\S* % vs baseline .*:4:3")
    expect(coldspan(args, repo, "--baseline", "main^{commit}"), KEPT, r"(PASS|UNSTABLE|INCONCLUSIVE) +p50 total <= \+3\S* % vs baseline")
    # Pairs of another kind stay as they are.
    plan(repo, "  f: {run: [./start], baseline: {ref: nothere, build: 'touch built'}, budgets: []}\n"
               "  g: {run: [/bin/true], budgets: [overhead <= 100s]}\n", PAIRS)
    expect(coldspan(args, repo, "--baseline", "v1"), OVER, r"FAIL +p50 total <= \+3\S* % vs baseline", r"PASS +\S* ?overhead <= 100 s")


@case
def what_moved_is_called_by_its_name_in_the_tree(args, folder):
    """Python opens the modules beside a program by their whole names, which the checkout has others of."""
    for below in ("", "below"):
        (folder / f"in{below}").mkdir()
        repo = repository(folder / f"in{below}", below)
        here = repo / below
        (here / "stays.py").write_text("")
        (here / "main.py").write_text("import stays\n")
        git(repo, "add", "-A", ".")
        git(repo, "commit", "-q", "-m", "one module")
        git(repo, "tag", "v2")
        (here / "added.py").write_text("")
        (here / "main.py").write_text("import stays, added\n")
        git(repo, "add", "-A", ".")
        git(repo, "commit", "-q", "-m", "one more")
        (repo.parent / "link").symlink_to("scratch")
        plan(here, f"  f:\n    run: [{sys.executable}, -B, main.py]\n    baseline: {{ref: v2}}\n"
                   "    budgets: [opens.user <= 0 vs baseline]\n", "defaults: {runs: 2, max_runs: 2, warmup: 1, timeout: 60s}\n")
        for scratch in ("scratch", "link"):  # and what a link leads to they call by where it leads
            got = coldspan(args, repo, "-c", str(here / "coldspan.yaml"), env={"TMPDIR": str(repo.parent / scratch)})
            expect(got, OVER, r"FAIL +opens.user <= 0 vs baseline +1 ", r"moved: new: added\.py\n")


@case
def two_functions_share_one_checkout(args, folder):
    repo = repository(folder)
    build = f"echo built >> {folder}/times; touch built"
    plan(repo, "".join(f"  {name}: {{run: [./start], baseline: {{ref: v1, build: '{build}'}}, "
                       "budgets: [total <= 100x vs baseline]}\n" for name in ("f", "g")),
         "defaults: {runs: 2, max_runs: 2, warmup: 0, timeout: 60s}\n")
    coldspan(args, repo, "--runs", "5")
    assert (folder / "times").read_text() == "built\n"


@case
def what_cannot_be_compared_with_is_said(args, folder):
    repo = repository(folder)
    one = "  f: {run: [./start], baseline: {ref: %s}, budgets: [total <= +50%% vs baseline]}\n"
    plan(repo, one % "no/such")
    expect(coldspan(args, repo), USAGE, r"coldspan.yaml:4:33: no/such is no commit of .*/repo; git fetch")
    plan(repo, one % "'--all'")
    expect(coldspan(args, repo), USAGE, r"--all is no commit")
    plan(repo, (one % "v1").replace("./start", str(repo / "start")))
    expect(coldspan(args, repo), USAGE, r'f: ".*/repo/start" is a file of this work tree, also for the baseline')
    plan(repo, (one % "v1").replace("ref: v1", "ref: v1, build: 'echo one; echo last words >&2; exit 7'"))
    expect(coldspan(args, repo), NO_DATA, r"the build of v1 failed with exit status 7", r"\| one\n", r"\| last words\n")
    (folder / "alone").mkdir()
    plan(folder / "alone", one % "v1")
    got = asserting.coldspan(args, folder / "alone", env={"GIT_CEILING_DIRECTORIES": str(folder)})
    expect(got, USAGE, r"alone is in no git repository")
    plan(repo, one % "v1")
    expect(coldspan(args, repo, env={"PATH": "/nowhere"}), USAGE, r"git: command not found")


@case
def a_shallow_clone_is_said_to_be_one(args, folder):
    origin = repository(folder)
    git(folder, "clone", "-q", "--depth=1", f"file://{origin}", "clone")
    plan(folder / "clone", "  f: {run: [./start], baseline: {ref: v1}, budgets: [total <= +50% vs baseline]}\n")
    expect(coldspan(args, folder / "clone"), USAGE, r"v1 is not in this clone, which is shallow; .*fetch-depth: 0")


@case
def the_index_of_a_hook_is_left_alone(args, folder):
    repo = repository(folder)
    plan(repo, "  f: {run: [./start], baseline: {ref: v1, build: 'touch built'}, budgets: [shared_objects <= 50 vs baseline]}\n",
         "defaults: {runs: 2, max_runs: 2, warmup: 0, timeout: 60s}\n")
    hook = repo / ".git/hooks/pre-commit"
    hook.write_text(f"#!/bin/sh\n{args.coldspan} assert > {folder}/said 2>&1\n")
    hook.chmod(0o755)
    (repo / "more").write_text("x\n")
    git(repo, "add", "more")
    git(repo, "commit", "-q", "-m", "more", "-a")
    assert "1 kept" in (folder / "said").read_text(), (folder / "said").read_text()
    assert git(repo, "show", "--stat", "--format=", "HEAD").split()[0] == "more"


@case
def interrupted_it_leaves_nothing_behind(args, folder):
    repo = repository(folder)
    (folder / "scratch").mkdir()
    for name, what in (("build", "build: 'touch built; echo $$ > %s; sleep 600'"), ("start", "build: 'touch built'")):
        pid = folder / name
        plan(repo, f"  f: {{shell: 'echo $$ > {pid}; sleep 600', baseline: {{ref: v1, "
                   f"{what.replace('%s', str(pid))}}}, budgets: [total <= +50% vs baseline]}}\n", PAIRS)
        process = subprocess.Popen([args.coldspan, "assert"], cwd=repo, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True,
                                   env=environment(TMPDIR=str(folder / "scratch")))
        until = time.monotonic() + 60
        while not pid.exists() or not pid.read_text().strip():
            assert time.monotonic() < until and process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 128 + signal.SIGTERM, (process.returncode, said)
        assert not pathlib.Path("/proc", pid.read_text().strip()).exists(), said
        nothing_is_left(repo, said)


if __name__ == "__main__":
    asserting.main(__doc__)

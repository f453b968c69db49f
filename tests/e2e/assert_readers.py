#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `coldspan assert` writes, given to those who read it: other people's parsers, linters, a browser.

usage: assert_readers.py --coldspan FILE --docs FOLDER
"""
import functools
import html
import json
import os
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import asserting, cases, peers
from lib.asserting import KEPT, NO_DATA, OVER, environment
from lib.cases import case

PLAN = """version: 1
defaults: {runs: 5, max_runs: 5, warmup: 0}
functions:
  kept: {run: [/bin/true], budgets: [p50 total <= 100s, shared_objects <= 100]}
  over: {run: [/bin/true], budgets: [{metric: total, max: 1ns, why: "]]> <script>alert(1)</script> | %0A \\"\\u0001\\""},
                                     {metric: memory, max: 1B, level: warn}]}
  dies: {shell: 'printf "]]> </script><script>alert(1)</script>\\n\\377\\033[31m"; kill -9 $$', budgets: [total <= 100s]}
"""
# What Jenkins' junit-10.xsd allows, in words of our own: attributes (needed ones first), then children.
JUNIT = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"},
                  {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
                  {"testsuite", "properties", "testcase", "system-out", "system-err"}),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name"}, {"time", "classname", "group"},
                 {"skipped", "error", "failure", "system-out", "system-err"}),
    **{name: (set(), {"type", "message"}, set()) for name in ("skipped", "error", "failure")},
    **{name: (set(), set(), set()) for name in ("system-out", "system-err")},
}


def run(words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=240,
                          check=False, **{"env": environment(), **more})


def written(args, folder, name, file, code=NO_DATA):
    (folder / "coldspan.yaml").write_text(PLAN)
    got = run([args.coldspan, "assert", "-o", f"{name}={file}"], cwd=folder)
    assert got.returncode == code, got
    return folder / file


def python(script, *words):
    """Under the interpreter that has the readers."""
    got = run([peers.path("readers_python") / "python3", "-c", script, *words])
    assert got.returncode == 0, got
    return json.loads(got.stdout)


@case
def junit_by_the_rules_of_jenkins(args, folder):
    root = xml.etree.ElementTree.parse(written(args, folder, "junit", "j.xml")).getroot()
    assert root.tag == "testsuites"
    for element in root.iter():
        needed, allowed, children = JUNIT[element.tag]
        assert needed <= set(element.attrib) <= needed | allowed, (element.tag, element.attrib)
        assert {child.tag for child in element} <= children, element.tag


@case
def junit_by_junitparser(args, folder):
    file = written(args, folder, "junit", "j.xml")
    got = python("import json, sys, junitparser\n"
                 "print(json.dumps([[s.name, s.tests, s.failures, s.errors, s.skipped,"
                 " [[c.name, c.classname, [r.message for r in c.result]] for c in s]]"
                 " for s in junitparser.JUnitXml.fromfile(sys.argv[1])]))", file)
    by_name = {suite[0]: suite for suite in got}
    assert by_name["kept"][1:5] == [2, 0, 0, 0] and by_name["over"][1:5] == [2, 1, 0, 1], got
    assert by_name["dies"][1:5] == [1, 0, 1, 0], got
    assert by_name["over"][5][0][:2] == ["p50 total <= 1 ns", "coldspan.over"], got
    assert "5 of 5 over" in by_name["over"][5][0][2][0], got


@case
def junit_by_junit2json(args, folder):
    file = written(args, folder, "junit", "j.xml")
    got = run(["node", peers.path("readers_node") / ".bin/junit2json", file])
    assert got.returncode == 0, got
    document = json.loads(got.stdout)
    assert (document["tests"], document["failures"], document["errors"]) == (5, 1, 1), document
    dies = [suite for suite in document["testsuite"] if suite["name"] == "dies"][0]
    assert "<script>alert(1)</script>" in json.dumps(dies), dies


def _of_many(args, folder, count):
    """A report of so many budgets of one line, three of which have no data, and half of the others none that is kept."""
    lines = "".join(f"      - {{metric: total, max: {'1ns' if i % 2 else '100s'}, id: b{i}}}\n" for i in range(count - 3))
    lost = "".join(f"      - {{metric: wait, max: 1s, id: lost{i}}}\n" for i in range(3))
    (folder / "coldspan.yaml").write_text("version: 1\ndefaults: {runs: 5, max_runs: 5, warmup: 0}\nfunctions:\n"
                                          "  f:\n    run: [/bin/true]\n    budgets:\n" + lines + lost)
    got = run([args.coldspan, "assert", "-q", "-o", "junit=j.xml", "-o", "html=r.html"], cwd=folder)
    assert got.returncode == NO_DATA, got.stderr
    return folder / "j.xml"


def _check_many(cases_of, count):
    """@cases_of: name and kind ("error", "failure", None) of every case, as a reader has them."""
    names = [name for name, _ in cases_of]
    assert len(set(names)) == len(names), "GitLab shows the first of one name alone"
    left = {int(name.split()[0]): kind for name, kind in cases_of if " more budgets: " in name}
    assert len(cases_of) - len(left) + sum(left) == count
    kinds = [kind for name, kind in cases_of if " more budgets: " not in name]
    assert kinds.count("error") == 3
    failing = (count - 3) // 2
    assert kinds.count("failure") + sum(n for n, kind in left.items() if kind == "failure") == failing
    assert count > 1000 or not left


@case
def junit_of_so_many_budgets_by_three_parsers(args, folder):
    for count in (30, 10000):
        file = _of_many(args, folder, count)
        assert file.stat().st_size <= 1000000, file.stat().st_size
        _check_many(python("import json, sys, junitparser\n"
                           "print(json.dumps([[c.name, (c.result[0]._tag if c.result else None)]"
                           " for s in junitparser.JUnitXml.fromfile(sys.argv[1]) for c in s]))", file), count)
        got = run(["node", peers.path("readers_node") / ".bin/junit2json", file])
        assert got.returncode == 0, got.stderr
        suites = json.loads(got.stdout)["testsuite"]
        _check_many([[c["name"], next((kind for kind in ("error", "failure") if kind in c), None)]
                     for suite in suites for c in suite["testcase"]], count)
        assert sum(suite["tests"] for suite in suites) == json.loads(got.stdout)["tests"]
        got = run([peers.path("chromium") / "usr/bin/xmllint", "--xpath",
                   "concat(count(//testcase), ' ', /testsuites/@tests, ' ', count(//failure), ' ', /testsuites/@failures,"
                   " ' ', count(//error), ' ', /testsuites/@errors)", file], env=libraries())
        numbers = got.stdout.split()
        assert got.returncode == 0 and numbers[0::2] == numbers[1::2], got


@functools.cache
def libraries():
    """Environment in which programs of the browser's packages find theirs."""
    root = peers.path("chromium")
    folders = [root / "usr/lib" / f"{os.uname().machine}-linux-gnu"]
    return environment(LD_LIBRARY_PATH=":".join(map(str, [*folders, *(f / "pulseaudio" for f in folders)])))


@case
def junit_by_xmllint(args, folder):
    file = written(args, folder, "junit", "j.xml")
    xmllint = peers.path("chromium") / "usr/bin/xmllint"
    got = run([xmllint, "--noout", file], env=libraries())
    assert got.returncode == 0 and not got.stderr, got
    file.write_text(file.read_text().replace("&#60;", "<"))
    assert run([xmllint, "--noout", file], env=libraries()).returncode != 0


@case
def openmetrics_by_the_parser_of_prometheus(args, folder):
    file = written(args, folder, "openmetrics", "m.txt")
    got = python("import json, sys\n"
                 "from prometheus_client.openmetrics.parser import text_string_to_metric_families as read\n"
                 "print(json.dumps([[f.name, f.type, f.unit, [[s.name, s.labels, s.value] for s in f.samples]]"
                 " for f in read(open(sys.argv[1]).read())]))", file)
    families = {family[0]: family for family in got}
    seconds = families["coldspan_budget_measured_seconds"]
    assert seconds[1:3] == ["gauge", "seconds"] and len(seconds[3]) == 2, seconds
    verdicts = {(s[1]["function"], s[1].get("budget")): s[1]["verdict"] for s in families["coldspan_budget_kept"][3]}
    assert verdicts[("over", "p50-total")] == "FAIL" and verdicts[("dies", None)] == "NO DATA", verdicts


def chromium(folder, file, *words):
    root = peers.path("chromium")
    # Nothing that the page might ask for is there: names do not resolve, and no proxy answers.
    got = run([root / "usr/lib/chromium/chromium", "--headless", "--no-sandbox", "--disable-gpu",
               "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile", "--enable-logging=stderr",
               "--proxy-server=127.0.0.1:9", *words, file.as_uri()], env={**libraries(), "HOME": str(folder)})
    if "error while loading shared libraries" in got.stderr:
        cases.skip(got.stderr.strip())
    assert got.returncode == 0, got
    return got


@case
def the_page_in_a_browser(args, folder):
    file = written(args, folder, "html", "r.html")
    assert file.stat().st_size < 1000000
    got = chromium(folder, file, "--dump-dom")
    assert "CONSOLE" not in got.stderr, got.stderr
    assert "<h1 class=\"exceeded\">no data</h1>" in got.stdout, got.stdout
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in got.stdout and "<script>alert" not in got.stdout
    assert 'type="application/json" id="coldspan"' in got.stdout
    # That the browser would have told: the same page with a script that its policy forbids.
    bad = folder / "bad.html"
    bad.write_text(file.read_text().replace("<main>", "<main><script>alert(1)</script>"))
    assert "CONSOLE" in chromium(folder, bad, "--dump-dom").stderr


@case
def the_page_is_printed_and_dark(args, folder):
    file = written(args, folder, "html", "r.html")
    chromium(folder, file, f"--print-to-pdf={folder}/r.pdf")
    assert (folder / "r.pdf").read_bytes().startswith(b"%PDF")
    for name, scheme in (("light", 1), ("dark", 0)):
        chromium(folder, file, f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={folder}/{name}.png")
    assert (folder / "light.png").read_bytes() != (folder / "dark.png").read_bytes()


def _layouts(folder, file, *widths):
    """Of windows so wide: that, how wide the page is, how many plots it has, and how many drawings stick out or are not seen."""
    page = file.read_text().replace('<meta http-equiv="Content-Security-Policy"', '<meta name="x"')
    frames = "".join(f"<iframe style='width:{width}px;height:900px;border:0' srcdoc='{html.escape(page)}'></iframe>"
                     for width in widths)
    # The page itself allows no script: one outside of it looks.
    (folder / "frames.html").write_text("<!DOCTYPE html><title></title>" + frames + """<script>
        onload = () => document.title = [...document.querySelectorAll("iframe")].map(({contentDocument: d, contentWindow: {innerWidth: w}}) => [w, d.documentElement.scrollWidth,
            d.querySelectorAll("svg.plot").length, [...d.querySelectorAll("svg, .icicle, figure, summary")].filter(e =>
            e.checkVisibility() && (e.getBoundingClientRect().right > w || e.getBoundingClientRect().width < 1)).length]).join(";")
        </script>""")
    got = chromium(folder, folder / "frames.html", "--window-size=1600,1000", "--dump-dom").stdout
    said = got.split("<title>", 1)[1].split("</title>")[0].split(";")
    return [[int(word) for word in one.split(",")] for one in said]


@case
def the_page_fits_any_width(args, folder):
    (folder / "coldspan.yaml").write_text(
        "version: 1\ndefaults: {runs: 6, max_runs: 6, warmup: 0}\nfunctions:\n"
        "  f: {run: [sleep, '0.01'], baseline: {run: [/bin/true]}, budgets: [total <= 1ns, total <= +5% vs baseline,\n"
        "      shared_objects <= -1 vs baseline, memory <= 1GiB]}\n")
    got = run([args.coldspan, "assert", "-o", "html=r.html"], cwd=folder)
    assert got.returncode == OVER, got
    page = (folder / "r.html").read_text().split("<script")[0]
    assert page.count('class="icicle"') == 2 and page.count('<path class="limit"') == 4, page
    assert page.count('<path class="box"') == page.count('<path class="box other"') == 4
    for width, (inner, wide, plots, bad) in zip((400, 800, 1400), _layouts(folder, folder / "r.html", 400, 800, 1400)):
        assert inner == width and wide <= inner and plots == 4 and bad == 0, (width, inner, wide, plots, bad)
    # That it would be seen: a drawing that is wider than the window.
    (folder / "w.html").write_text((folder / "r.html").read_text().replace("svg{display:block;width:100%}", "svg{width:900px}"))
    assert _layouts(folder, folder / "w.html", 400)[0][3] > 0


@case
def the_page_of_so_many_budgets(args, folder):
    for count in (1, 10000):
        _of_many(args, folder, max(count, 4))
        assert (folder / "r.html").stat().st_size <= 1000000
        [[inner, wide, plots, bad]] = _layouts(folder, folder / "r.html", 800)
        assert wide <= inner and plots and not bad, (count, wide, inner, plots, bad)
    page = (folder / "r.html").read_text()
    left = int(page.split(" more, less bad than these, are left out")[0].rsplit(">", 1)[1])
    assert left + page.count("<tr><td class=") == 10000


@case
def what_is_folded_is_printed_as_well(args, folder):
    """Pages of paper: a function that is kept is folded on the screen, and not on paper."""
    pages = []
    for text in (lambda page: page, lambda page: page.replace("@media print", "@media(max-width:1px)")):
        (folder / "coldspan.yaml").write_text("version: 1\ndefaults: {runs: 1, max_runs: 1, warmup: 0}\nfunctions:\n" + "".join(
            f"  f{i}: {{run: [/bin/true], budgets: [p50 total <= 100s, shared_objects <= 100]}}\n" for i in range(12)))
        got = run([args.coldspan, "assert", "-q", "-o", "html=r.html"], cwd=folder)
        assert got.returncode == KEPT, got
        (folder / "p.html").write_text(text((folder / "r.html").read_text()))
        chromium(folder, folder / "p.html", f"--print-to-pdf={folder}/p.pdf")
        pages.append((folder / "p.pdf").read_bytes().count(b"/Type /Page\n"))
    assert pages[0] > pages[1] > 0, pages


def yaml(file):
    return python("import json, sys, yaml\nprint(json.dumps(yaml.safe_load(open(sys.argv[1])), default=str))", file)


def _with_coldspan(args, folder):
    """A PATH on which `coldspan` is ours."""
    (folder / "bin").mkdir()
    (folder / "bin/coldspan").symlink_to(args.coldspan)
    return f"{folder}/bin:{os.environ['PATH']}"


@case
def the_workflow_for_github(args, folder):
    file = args.docs / "ci/github-actions.yml"
    got = run([peers.path("actionlint"), "-no-color", file])
    assert got.returncode == 0, got
    broken = folder / "broken.yml"
    broken.write_text(file.read_text().replace("runs-on:", "run-on:"))
    assert run([peers.path("actionlint"), "-no-color", broken]).returncode != 0
    steps = {step.get("id"): step for step in yaml(file)["jobs"]["budgets"]["steps"]}
    (folder / "coldspan.yaml").write_text(PLAN)
    # As the runner does it.
    got = run(["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", steps["budgets"]["run"]], cwd=folder,
              env=environment(PATH=_with_coldspan(args, folder), GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(folder),
                              GITHUB_STEP_SUMMARY=str(folder / "summary"), GITHUB_OUTPUT=str(folder / "output")))
    assert got.returncode == NO_DATA and "::error file=coldspan.yaml," in got.stdout, got
    assert (folder / "output").read_text() == "verdict=no data\nexit_status=4\nreport=cold-starts.html\n"
    assert "| FAIL |" in (folder / "summary").read_text()
    for kept in yaml(file)["jobs"]["budgets"]["steps"][-1]["with"]["path"].split():
        assert (folder / kept).stat().st_size, kept


@case
def the_job_for_gitlab(args, folder):
    job = yaml(args.docs / "ci/gitlab-ci.yml")["cold-starts"]
    (folder / "coldspan.yaml").write_text(PLAN)
    got = run(["bash", "-e", "-o", "pipefail", "-c", "\n".join(job["script"])], cwd=folder,
              env=environment(PATH=_with_coldspan(args, folder), GITLAB_CI="true", CI_PROJECT_DIR=str(folder)))
    assert got.returncode == NO_DATA, got
    for file in [*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()]:
        assert (folder / file).stat().st_size, file


def _schema(name, file):
    """Does the file keep to a schema that check-jsonschema brings?"""
    return run([peers.path("readers_python") / "check-jsonschema", "--builtin-schema", f"vendor.{name}", file])


@case
def the_files_keep_to_their_schemas(args, folder):
    for name, file, known in (("gitlab-ci", "gitlab-ci.yml", "script:"), ("github-workflows", "github-actions.yml", "steps:")):
        got = _schema(name, args.docs / "ci" / file)
        assert got.returncode == 0, got
        text = (args.docs / "ci" / file).read_text()
        assert known in text
        (folder / file).write_text(text.replace(known, "x" + known))
        assert _schema(name, folder / file).returncode != 0, file


def _shell_lines(args):
    """Every command that the files have a service run, as one script each."""
    job = yaml(args.docs / "ci/gitlab-ci.yml")["cold-starts"]
    steps = yaml(args.docs / "ci/github-actions.yml")["jobs"]["budgets"]["steps"]
    return ["\n".join(job["before_script"]), "\n".join(job["script"])] + [step["run"] for step in steps if "run" in step]


@case
def what_they_install_with_is_there(args, folder):
    """Their lines up to the compiler, on a clone of this tree; without apt-get, whose packages are there or not."""
    root = args.docs.parent.resolve()
    if run(["git", "-C", root, "rev-parse", "HEAD"]).returncode != 0:
        cases.skip("this tree is no git repository")
    for script in _shell_lines(args):
        assert run(["bash", "-n", "-c", script]).returncode == 0, script
    lines = [line for script in _shell_lines(args) for line in script.splitlines()]
    clone = [line for line in lines if line.startswith("git clone")]
    assert len(clone) == 2 and sum("script/setup --build" in line for line in lines) == 2, lines
    for line in clone:
        got = run(["bash", "-e", "-c", line.replace("/tmp/coldspan", "$RUNNER_TEMP/coldspan")],
                  env=environment(COLDSPAN_SOURCE=f"file://{root}", RUNNER_TEMP=str(folder), GIT_CONFIG_COUNT="1",
                                  GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*"))
        assert got.returncode == 0, got
        got = run(["bash", "-e", "-c", "script/setup --build --list && test -f meson.build"], cwd=folder / "coldspan")
        assert got.returncode == 0 and "meson" in got.stdout, got
        shutil.rmtree(folder / "coldspan")


@case
def the_hook_for_pre_commit(args, folder):
    config = (args.docs / "ci/pre-commit-config.yaml").read_text()
    (folder / ".pre-commit-config.yaml").write_text(config)
    env = environment(PATH=_with_coldspan(args, folder), PRE_COMMIT_HOME=str(folder / "home"), HOME=str(folder),
                      GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@example.org",
                      GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@example.org")
    tool = peers.path("readers_python") / "pre-commit"
    assert run(["git", "init", "-q"], cwd=folder, env=env).returncode == 0
    got = run([tool, "install"], cwd=folder, env=env)
    assert got.returncode == 0, got
    for budget, code in (("p50 total <= 100s", 0), ("p50 total <= 1ns", 1)):
        (folder / "coldspan.yaml").write_text(f"version: 1\nfunctions:\n  f: {{run: [/bin/true], budgets: [{budget}]}}\n")
        run(["git", "add", "coldspan.yaml"], cwd=folder, env=env)
        got = run(["git", "commit", "-qm", "x"], cwd=folder, env=env)
        assert got.returncode == code and ("cold-start budgets" in got.stdout + got.stderr), got
    assert "exit code: 3" in got.stdout + got.stderr and "FAIL " in got.stdout + got.stderr, got


def docs(parser):
    parser.add_argument("--docs", type=pathlib.Path, required=True)


if __name__ == "__main__":
    asserting.main(__doc__, docs)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan init` writes a coldspan.yaml that `coldspan assert` takes as it is.

usage: init.py --build DIR --source DIR
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case
from manners import commands

KEPT, USAGE, OVER, NO_DATA = 0, 2, 3, 4


def coldspan(args, folder, *words, **options):
    return subprocess.run([args.build / "agent/coldspan", *words], cwd=folder, text=True, check=False, timeout=200,
                          stdin=subprocess.DEVNULL, stdout=options.pop("stdout", subprocess.PIPE),
                          stderr=subprocess.PIPE, env=commands.environment(**options))


def written(args, folder, **files):
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    got = coldspan(args, folder, "init")
    assert (got.returncode, got.stderr) == (0, ""), got
    return got.stdout, (folder / "coldspan.yaml").read_text()


def run_of(text):
    """The words of its run, plain or quoted."""
    words, = re.findall(r"^    run: \[(.*)\]$", text, re.MULTILINE)
    return [json.loads(word) if word.startswith('"') else word for word in re.findall(r'"[^"]*"|[^ ,]+', words)]


def project(args, folder, sample, **files):
    """A sample function of ours, in a folder that looks like people's projects."""
    target = folder / "hello"
    shutil.copytree(args.source / "tests/functions" / sample, target)
    (target / "function.yaml").unlink()
    return target, written(args, target, **files)


def _kept(args, folder, name="hello", runs=12):
    """But for what takes time: that is as long as a busy machine makes it."""
    got = coldspan(args, folder, "assert", "--runs", str(runs))
    failed = re.findall(r"^ +FAIL +(.+)$", got.stdout, re.MULTILINE)
    slow = [line for line in failed if re.match(r"p\d+ (overhead|total) ", line)]
    assert got.returncode == (OVER if failed else KEPT) and slow == failed, got
    assert "PASS" in got.stdout and got.stdout.startswith(f"{name}: ") and "NO DATA" not in got.stdout, got


def _need(*programs):
    for program in programs:
        if not shutil.which(program):
            cases.skip(f"{program} is not installed")


@case
def a_python_project(args, folder):
    folder, (said, text) = project(args, folder, "hello-py", requirements__txt="")
    assert run_of(text) == ["python3", "handler.py"] and "ready: exit" in text, text
    assert said == "wrote coldspan.yaml: hello, started by python3 handler.py (requirements.txt)\n" \
                   "next:  coldspan assert\n", said
    _kept(args, folder)


@case
def a_node_project(args, folder):
    folder, (_, text) = project(args, folder, "hello-node",
                                package__json='{"name": "@shop/orders", "main": "index.js"}')
    assert run_of(text) == ["node", "index.js"] and "ready: first-response" in text, text
    _kept(args, folder, "orders")


@case
def a_node_project_that_says_how_it_is_started(args, folder):
    for number, (start, main, run) in enumerate((
            ("node --stack-size=900 src/app.js", "x.js", ["node", "--stack-size=900", "src/app.js"]),
            ("tsc && node src/app.js", "src/app.js", ["node", "src/app.js"]),
            ("node src/app.js > log", "src/app.js", ["node", "src/app.js"]),
            ("next start", "src/app.js", ["node", "src/app.js"]),
            ("node", "src/app.js", ["node", "src/app.js"]),
            ("node 1 2 3 4 5 6 7 8", "src/app.js", ["node", "src/app.js"]))):
        target = folder / str(number)
        (target / "src").mkdir(parents=True)
        (target / "src/app.js").write_text("listen(process.env.PORT)")
        said, text = written(args, target, package__json=json.dumps({"scripts": {"start": start}, "main": main}))
        assert run_of(text) == run and "next:  coldspan assert" in said, (start, text)
        assert "ready: first-response" in text, (start, text)


JAVA = """
import com.sun.net.httpserver.HttpServer;
public class Main {
    public static void main(String[] words) throws Exception {
        var server = HttpServer.create(
            new java.net.InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 0);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
    }
}
"""


@case
def a_java_project_is_started(args, folder):
    """What Maven and Gradle leave beside the jar that starts is passed over."""
    _need("java", "javac", "jar")
    for file, jars in (("pom.xml", "target"), ("build.gradle.kts", "build/libs")):
        home = folder / file
        (home / "src/main/java").mkdir(parents=True)
        (home / "src/main/java/Main.java").write_text(JAVA)
        (home / jars).mkdir(parents=True)
        subprocess.run(["javac", "-d", home / "classes", home / "src/main/java/Main.java"], check=True, timeout=200)
        subprocess.run(["jar", "--create", "--file", home / jars / "orders-1.0.jar", "--main-class", "Main", "-C",
                        home / "classes", "."], check=True, timeout=200)
        for beside in ("original-orders-1.0.jar", "orders-1.0-javadoc.jar", "a-1.0-plain.jar", "a-sources.jar"):
            (home / jars / beside).write_text("")
        _, text = written(args, home, **{file: ""})
        assert run_of(text) == ["java", "-jar", f"{jars}/orders-1.0.jar"] and "ready: first-response" in text, text
        _kept(args, home, file, 2)
        (home / jars / "orders-1.0-all.jar").write_text("")
        assert coldspan(args, home, "init", "--force").returncode == 0
        assert run_of((home / "coldspan.yaml").read_text())[2] == f"{jars}/orders-1.0-all.jar"


@case
def a_rust_project_is_started(args, folder):
    _need("cargo")
    (folder / "src").mkdir()
    (folder / "src/main.rs").write_text("fn main() { std::io::read_to_string(std::io::stdin()).unwrap(); }\n")
    (folder / "Cargo.toml").write_text('[package]\nname = "quick-fn"\nversion = "0.1.0"\nedition = "2021"\n')
    built = subprocess.run(["cargo", "build", "--release", "--offline", "--quiet"], cwd=folder, text=True,
                           capture_output=True, check=False, timeout=280)
    if built.returncode:
        cases.skip(f"cargo builds nothing here: {built.stderr.strip().splitlines()[-1]}")
    _, text = written(args, folder)
    assert run_of(text) == ["./target/release/quick-fn"] and "ready: exit" in text, text
    _kept(args, folder, "quick-fn", 3)


@case
def a_rust_and_a_java_project_before_they_are_built(args, folder):
    for name, files, jar, run, file in (
            ("rust", {"Cargo__toml": '[package]\nversion = "1.0.0"\nname = "quick"\n'}, "release/quick",
             ["./target/release/quick"], "Cargo.toml"),
            ("java", {"pom__xml": "<project/>"}, "app 1.jar", ["java", "-jar", "target/app 1.jar"], "pom.xml")):
        (folder / name).mkdir()
        said, text = written(args, folder / name, **files)
        assert f"({file})\nnext:  correct its run" in said, said
        (folder / name / "target" / jar).parent.mkdir(parents=True)
        (folder / name / "target" / jar).write_text("")
        got = coldspan(args, folder / name, "init", "--force")
        assert got.stdout.endswith("next:  coldspan assert\n"), got
        assert run_of((folder / name / "coldspan.yaml").read_text()) == run, text


@case
def a_serverless_project(args, folder):
    yml = "service: x\nprovider: {runtime: %s}\nfunctions:\n  greet:\n    handler: %s\n"
    said, text = written(args, folder, package__json="{}", serverless__yml=yml % ("nodejs20.x", "handler.greet"))
    words = ["invoke", "local", "--function", "greet"]
    assert run_of(text) == ["serverless", *words] and "timeout: 60s" in text and "  greet:\n" in text, text
    assert "    #   run: [npx, aws-lambda-ric, handler.greet]\n    #   ready: first-poll\n" in text, text
    assert ("next:  coldspan assert" in said) == bool(shutil.which("serverless")), said
    launcher = folder / "node_modules/.bin/serverless"
    launcher.parent.mkdir(parents=True)
    launcher.write_text("#!/bin/sh\ncat\n")
    launcher.chmod(0o755)
    for runtime, handler, run in (("python3.12", "a.b", '[python3, -m, awslambdaric, a.b]'),
                                  ("python3.12", '"a\\n b: x"', '[python3, -m, awslambdaric, "a\\u000a b: x"]'),
                                  ("go1.x", "main", None)):
        (folder / "serverless.yml").write_text(yml % (runtime, handler))
        got = coldspan(args, folder, "init", "--force")
        text = (folder / "coldspan.yaml").read_text()
        assert run_of(text) == ["node_modules/.bin/serverless", *words] and "next:  coldspan assert" in got.stdout, got
        assert (f"    #   run: {run}\n" in text) if run else "#   run" not in text, text
        assert coldspan(args, folder, "completion", "functions").stdout == "greet\n"


@case
def a_folder_that_coldspan_faas_serves(args, folder):
    target = folder / "hello"
    shutil.copytree(args.source / "tests/functions/hello-py", target)
    said, text = written(args, target)
    assert "    function: .\n" in text and " run:" not in text and " ready:" not in text, text
    assert said == "wrote coldspan.yaml: hello-py, started by coldspan-faas (function.yaml)\nnext:  coldspan assert\n", said
    _kept(args, target, name="hello-py", runs=2)
    _, text = written(args, folder, function__yaml="name: of somebody else\n")
    assert run_of(text) == ["./bootstrap"], text


@case
def a_project_with_a_procfile(args, folder):
    said, text = written(args, folder, Procfile="release: make\nweb: python3 app.py --port $PORT\r\nworker: x\n", package__json="{}")
    assert run_of(text) == ["sh", "-c", "exec python3 app.py --port $PORT"] and "ready: first-response" in text, text
    assert "(Procfile)\nnext:  coldspan assert\n" in said, said


@case
def a_line_of_a_procfile_that_only_a_shell_can_start(args, folder):
    for number, line in enumerate(("NODE_ENV=production node index.js", "cd . && node index.js", "exec node index.js")):
        home = folder / str(number)
        home.mkdir()
        home, (_, text) = project(args, home, "hello-node", Procfile=f"web: {line}\n")
        assert json.loads(re.search(r"^    run: \[sh, -c, (\".*\")\]$", text, re.MULTILINE)[1]) == line, text
        _kept(args, home, runs=2)


@case
def a_go_project(args, folder):
    said, text = written(args, folder, go__mod="module example.org/some/thing\n\ngo 1.21\n", main__go='// os.Getenv("PORT")\n')
    assert run_of(text) == ["./thing"] and "ready: first-response" in text and "correct its run" in said, (said, text)
    assert "\n  thing:\n" in text, text
    (folder / "coldspan.yaml").unlink()
    _, text = written(args, folder, go__mod="// ours\nmodule example.org/thing/v2\n")
    assert run_of(text) == ["./thing"], text
    (folder / "coldspan.yaml").unlink()
    said, text = written(args, folder, bootstrap="")
    assert run_of(text) == ["./bootstrap"] and said.endswith("next:  coldspan assert\n"), (said, text)


@case
def a_folder_of_nothing_known(args, folder):
    said, text = written(args, folder)
    assert run_of(text) == ["./bootstrap"] and "next:  correct its run" in said, (said, text)


@case
def every_file_it_writes_is_one_that_assert_reads(args, folder):
    """Whatever is found, and whatever the folder is called."""
    for number, (name, files) in enumerate((("ok", {}), ("1", {"package__json": "{"}), ("ä ü: {", {"pom__xml": ""}),
                                            ("-", {"package__json": '{"main": "a \\"b\\" #: c.js"}'}),
                                            ("true", {"serverless__yml": "{{{"}), ("null", {"Cargo__toml": "\n"}))):
        (folder / name).mkdir()
        written(args, folder / name, **files)
        got = coldspan(args, folder / name, "completion", "functions")
        assert (got.returncode, got.stderr) == (0, "") and got.stdout.count("\n") == 1, f"{number}: {got}"


@case
def nobodys_file_is_replaced_unless_asked(args, folder):
    (folder / "coldspan.yaml").write_text("mine")
    got = coldspan(args, folder, "init")
    assert got.returncode == USAGE and got.stdout == "" and got.stderr.count("\n") == 1, got
    assert "--force" in got.stderr and (folder / "coldspan.yaml").read_text() == "mine", got
    assert coldspan(args, folder, "init", "--force").returncode == 0
    assert "version: 1" in (folder / "coldspan.yaml").read_text()
    assert sorted(os.listdir(folder)) == ["coldspan.yaml"]


@case
def a_link_is_somebodys_file(args, folder):
    (folder / "coldspan.yaml").symlink_to("elsewhere")
    got = coldspan(args, folder, "init")
    assert got.returncode == USAGE and not (folder / "elsewhere").exists(), got


@case
def editors_find_the_schema(args, folder):
    _, text = written(args, folder)
    first = text.splitlines()[0]
    assert first == "# yaml-language-server: $schema=/usr/share/coldspan/schema/coldspan.schema.json", first
    assert max(map(len, text.splitlines())) <= 100, text


def main():
    args = cases.parser(__doc__, "build", "source").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan run`: exit statuses, streams, and JSON that fits its schema and sums up exactly.

usage: run.py --coldspan FILE --schema FILE --functions DIR
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import tempfile


def run(args, *words, **options):
    return subprocess.run([args.coldspan, "run", *words], capture_output=True, timeout=60, check=False,
                          **options)


def exit_statuses(args, _):
    cases = [(["--", "true"], 0), (["--", "sh", "-c", "exit 7"], 7), (["--", "nosuch-command"], 127),
             (["--", "/etc/passwd"], 126), (["--", "sh", "-c", "kill -9 $$"], 137),
             (["--nosuch-option", "--", "true"], 125), ([], 125)]
    for words, status in cases:
        got = run(args, *words)
        assert got.returncode == status, f"{words}: {got.returncode}, expected {status}"
        if status in (125, 126, 127):
            lines = got.stderr.decode().strip().splitlines()
            assert len(lines) == 1, f"{words}: {lines}"


def a_wrong_option_is_named_with_our_name(args, folder):
    cases = [(["run", "--jsn", "x", "--", "true"], 125, "unknown option --jsn; did you mean --json?"),
             (["run", "-x", "--", "true"], 125, "unknown option -x; see coldspan run --help"),
             (["run", "--json"], 125, "--json needs a value"),
             (["run", "--quiet=1", "--", "true"], 125, "--quiet takes no value"),
             (["run", "--json", "--", "true"], 125, '--json needs a value, but "--" follows'),
             (["run", "--file", "--otlp", "true"], 125, '--file needs a value'),
             (["doctor", "--nosuch", "--", "true"], 2, "unknown option --nosuch"),
             (["env", "--exprt"], 2, "did you mean --export?"),
             (["report", "--nosuch"], 2, "unknown option --nosuch")]
    for words, status, text in cases:
        got = subprocess.run([args.coldspan, *words], capture_output=True, timeout=60, check=False,
                             cwd=folder)
        said = got.stderr.decode()
        assert got.returncode == status and said.count("\n") == 1, f"{words}: {got}"
        assert said.startswith("coldspan: error: ") and text in said, f"{words}: {said}"
    assert os.listdir(folder) == [], os.listdir(folder)


def streams_are_the_commands(args, _):
    got = run(args, "-q", "--", "sh", "-c", "cat; echo err >&2", input=b"in\0put\n")
    assert got.stdout == b"in\0put\n" and got.stderr == b"err\n", got


def waterfall_goes_to_stderr(args, _):
    env = {**os.environ, "COLUMNS": "60", "LC_ALL": "C.UTF-8"}
    got = run(args, "--", "cat", input=b"x", env=env)
    text = got.stderr.decode()
    assert got.stdout == b"x" and "cat  cold start" in text, text
    assert "\x1b" not in text and max(map(len, text.splitlines())) <= 60, text
    got = run(args, "--ascii", "--color", "always", "--", "cat", input=b"x", env=env)
    assert b"\x1b" in got.stderr and got.stderr.isascii()


def json_fits_its_schema(args, folder):
    try:
        import jsonschema
    except ImportError:
        print("the schema is not checked: python3-jsonschema is not installed")
        jsonschema = None
    result = folder / "run.json"
    spans = folder / "spans.jsonl"
    handler = pathlib.Path(args.functions) / "hello-py/handler.py"
    commands = [["cat"], ["sh", "-c", "exit 3"], ["sh", "-c", "kill -9 $$"]]
    if shutil.which("python3"):
        commands.append(["python3", handler])
    for command in commands:
        run(args, "-q", "--json", result, "--file", spans, "--", *command, input=b"{}")
        document = json.loads(result.read_text())
        if jsonschema:
            jsonschema.validate(document, json.loads(pathlib.Path(args.schema).read_text()))
        assert document["cold_starts"], f"{command}: no cold start"
        for cold in document["cold_starts"]:
            assert sum(p["duration_ns"] for p in cold["phases"]) == cold["total_ns"], cold
            assert cold["phases"][-1]["name"] == "unattributed", cold
            at = 0
            for phase in cold["phases"][:-1]:
                assert phase["start_ns"] == at, cold
                at += phase["duration_ns"]
        assert document["accounting"]["dropped"] == document["accounting"]["torn"] == 0
    assert len(spans.read_text().splitlines()) == len(commands)


def what_a_wrapper_read_is_the_event(args, folder):
    """The handler is all that follows the read: also what the shell does, and its exec of cat."""
    result = folder / "run.json"
    run(args, "-q", "--json", result, "--", "sh", "-c", "read event; sleep 0.3; exec cat",
        input=b"event\nrest\n")
    document = json.loads(result.read_text())
    assert len(document["cold_starts"]) == len(document["invocations"]) == 1, document
    phases = {p["name"]: p for p in document["cold_starts"][0]["phases"]}
    assert phases["handler"]["duration_ns"] >= 300_000_000, phases
    assert not phases["exec"]["approximate"] and not phases["link"]["approximate"], phases
    rest = phases["handler"]["duration_ns"] + phases["respond"]["duration_ns"]
    assert document["invocations"][0]["duration_ns"] == rest, document


def signals_are_handed_on_as_they_were_given(args, _):
    """nohup, trap '' PIPE and a caller that ignores SIGCHLD: the command gets just that, no more."""
    numbers = [signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGCHLD]
    words = ["grep", "SigIgn", "/proc/self/status"]
    for ignored in [[], *([n] for n in numbers), numbers]:
        def prepare(ignored=ignored):
            for number in numbers:
                signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
        options = {"preexec_fn": prepare, "restore_signals": False}
        bare = subprocess.run(words, capture_output=True, timeout=60, check=True, **options)
        got = run(args, "-q", "--", *words, **options)
        assert got.stdout == bare.stdout, f"{ignored}: {got} instead of {bare.stdout}"
        assert run(args, "-q", "--", "sh", "-c", "exit 5", **options).returncode == 5, ignored


def a_signal_to_us_alone_reaches_the_command(args, _):
    """As a supervisor sends it that knows our pid only; a session of its own has no terminal.

    A test run that was started with signals ignored (nohup, cron) hands that down: undone here.
    """
    command = "trap 'exit 40' INT; trap 'exit 41' QUIT; trap 'exit 42' TERM; trap 'exit 43' HUP; " \
              "echo set; while :; do read -r line || :; done"
    statuses = {signal.SIGINT: 40, signal.SIGQUIT: 41, signal.SIGTERM: 42, signal.SIGHUP: 43}

    def prepare():
        for number in statuses:
            signal.signal(number, signal.SIG_DFL)
    for number, status in statuses.items():
        with subprocess.Popen([args.coldspan, "run", "-q", "--", "bash", "-c", command],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              preexec_fn=prepare, start_new_session=True) as process:
            assert process.stdout.readline() == b"set\n"
            process.send_signal(number)
            try:
                got = process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise AssertionError(f"{number.name} did not reach the command") from None
        assert got == status, f"{number.name}: {got}, expected {status}"


def a_script_without_its_interpreter_is_said_so(args, folder):
    script = folder / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    got = run(args, "--", script)
    assert got.returncode == 127 and b"interpreter" in got.stderr, got
    assert b"command not found" not in got.stderr, got


def a_result_that_cannot_be_written_is_said_before_the_command_runs(args, folder):
    ran = folder / "ran"
    for flag in ("--json", "--file"):
        for name in (folder / "missing/x", folder, "/proc/version/x"):
            got = run(args, flag, name, "--", "touch", ran)
            assert got.returncode == 125 and not ran.exists(), f"{flag} {name}: {got}"
            assert got.stderr.count(b"\n") == 1 and str(name).encode() in got.stderr, got
    got = run(args, "--json", folder / "x", "--", "nosuch-command")
    assert got.returncode == 127 and not os.listdir(folder), os.listdir(folder)


def only_a_regular_file_is_replaced(args, folder):
    """A device or a link in its place would be gone for everybody, /dev/null for the whole host."""
    link, target, fifo = folder / "link", folder / "target", folder / "fifo"
    target.write_text("old")
    link.symlink_to(target)
    assert run(args, "-q", "--json", link, "--", "true").returncode == 0
    assert link.is_symlink() and json.loads(target.read_text())["schema"] == "coldspan.run/v1"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run(args, "-q", "--json", fifo, "--", "true").returncode == 0
        assert fifo.is_fifo() and json.loads(os.read(reader, 65536))["exit"]["status"] == 0
    finally:
        os.close(reader)
    assert sorted(os.listdir(folder)) == ["fifo", "link", "target"], os.listdir(folder)


def a_full_disk_is_one_line_and_the_commands_status(args, folder):
    full = folder / "full"  # never the host's own: who replaces it breaks the host
    try:
        os.mknod(full, stat.S_IFCHR | 0o666, os.makedev(1, 7))
        full.open("wb").close()
    except PermissionError:
        if os.geteuid() == 0:
            print("a full disk is not tried: no device can be made here")
            return
        full.symlink_to("/dev/full")
    with full.open("wb") as out:
        to_stdout = subprocess.run([args.coldspan, "run", "-q", "--json", "-", "--", "sh", "-c",
                                    "exit 4"], stdout=out, stderr=subprocess.PIPE, timeout=60,
                                   check=False)
    for got in (to_stdout, *(run(args, "-q", flag, full, "--", "sh", "-c", "exit 4") for flag in ("--json", "--file"))):
        assert got.returncode == 4 and got.stderr.count(b"\n") == 1, got
        assert b"No space left" in got.stderr, got
    assert full.is_char_device()


def a_closed_stream_stays_closed_and_takes_in_nothing(args, folder):
    """Else the first file that we open is "standard error", and the waterfall lands in it."""
    result = folder / "run.json"
    for fd in range(3):
        def close(fd=fd):
            os.close(fd)
        script = f"test ! -e /proc/self/fd/{fd} && exit 6"
        got = run(args, "--json", result, "--", "sh", "-c", script, preexec_fn=close)
        assert got.returncode == 6, f"{fd} closed: {got}"
        assert json.loads(result.read_text())["exit"]["status"] == 6, result.read_text()
        result.unlink()
    got = run(args, "--json", "-", "--", "touch", result, preexec_fn=lambda: os.close(1))
    assert got.returncode == 125 and not result.exists(), got
    got = subprocess.run([args.coldspan, "env"], stderr=subprocess.PIPE, timeout=60, check=False,
                         preexec_fn=lambda: os.close(1))
    assert got.returncode == 1 and got.stderr.count(b"\n") == 1, got


def nothing_is_left_behind(args, folder):
    env = {**os.environ, "TMPDIR": str(folder)}
    for command in (["true"], ["nosuch-command"], ["sh", "-c", "kill -9 $$"]):
        run(args, "-q", "--", *command, env=env)
        assert os.listdir(folder) == [], os.listdir(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--coldspan", required=True)
    parser.add_argument("--schema", required=True)
    parser.add_argument("--functions", required=True)
    args = parser.parse_args()
    args.coldspan = os.path.abspath(args.coldspan)
    failed = 0
    for case in (exit_statuses, a_wrong_option_is_named_with_our_name, streams_are_the_commands,
                 waterfall_goes_to_stderr, json_fits_its_schema, what_a_wrapper_read_is_the_event,
                 signals_are_handed_on_as_they_were_given, a_signal_to_us_alone_reaches_the_command,
                 a_script_without_its_interpreter_is_said_so,
                 a_result_that_cannot_be_written_is_said_before_the_command_runs,
                 only_a_regular_file_is_replaced, a_full_disk_is_one_line_and_the_commands_status,
                 a_closed_stream_stays_closed_and_takes_in_nothing, nothing_is_left_behind):
        with tempfile.TemporaryDirectory() as folder:
            try:
                case(args, pathlib.Path(folder))
                print(f"ok   {case.__name__}")
            except AssertionError as error:
                print(f"FAIL {case.__name__}: {error}")
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

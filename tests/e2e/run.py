#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan run`: exit statuses, streams, and JSON that fits its schema and sums up exactly.

usage: run.py --coldspan FILE --schema FILE --functions DIR
"""
import errno
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, otlp_json, seccomp
from lib.cases import case

SERVER = 2  # a span's kind


def run(args, *words, **options):
    return subprocess.run([args.coldspan, "run", *words], capture_output=True, timeout=60, check=False,
                          **options)


@case
def exit_statuses(args, _):
    tried = [(["--", "true"], 0), (["--", "sh", "-c", "exit 7"], 7), (["--", "nosuch-command"], 127),
             (["--", "/etc/passwd"], 126), (["--", "sh", "-c", "kill -9 $$"], 137),
             (["--nosuch-option", "--", "true"], 125), ([], 125)]
    for words, status in tried:
        got = run(args, *words)
        assert got.returncode == status, f"{words}: {got.returncode}, expected {status}"
        if status in (125, 126, 127):
            lines = got.stderr.decode().strip().splitlines()
            assert len(lines) == 1, f"{words}: {lines}"


@case
def a_missing_command_is_told_with_some_to_begin_with(args, _):
    got = subprocess.run([args.coldspan], capture_output=True, timeout=60, check=False, text=True)
    assert (got.returncode, got.stdout) == (2, ""), got
    error, *examples = got.stderr.splitlines()
    assert error == "coldspan: error: no command given; some to begin with:", got
    assert len(examples) >= 3 and "  coldspan run -- " in examples[0] and "coldspan help" in examples[-1], got


@case
def a_wrong_option_is_named_with_our_name(args, folder):
    tried = [(["run", "--jsn", "x", "--", "true"], 125, "unknown option --jsn; did you mean --json?"),
             (["run", "-x", "--", "true"], 125, "unknown option -x; see coldspan run --help"),
             (["run", "--json"], 125, "--json needs a value"),
             (["run", "--quiet=1", "--", "true"], 125, "--quiet takes no value"),
             (["run", "--json", "", "--", "true"], 125, '--json needs a value, but "" follows'),
             (["run", "--file", "", "--", "true"], 125, '--file needs a value, but "" follows'),
             (["run", "--json", "--", "true"], 125, '--json needs a value, but "--" follows'),
             (["run", "--file", "--otlp", "true"], 125, '--file needs a value'),
             (["run", "--color", "pink", "--", "true"], 125, '--color "pink": write auto, always'),
             (["report", "--color", "pink", "x"], 2, '--color "pink": write auto, always'),
             (["report", "--asci", "-a", "x"], 2, "unknown option -a"),
             (["doctor", "--nosuch", "--", "true"], 2, "unknown option --nosuch"),
             (["env", "--exprt"], 2, "did you mean --export?"),
             (["report", "--nosuch"], 2, "unknown option --nosuch")]
    for words, status, text in tried:
        got = subprocess.run([args.coldspan, *words], capture_output=True, timeout=60, check=False,
                             cwd=folder)
        said = got.stderr.decode()
        assert got.returncode == status and said.count("\n") == 1, f"{words}: {got}"
        assert said.startswith("coldspan: error: ") and text in said, f"{words}: {said}"
    assert os.listdir(folder) == [], os.listdir(folder)


@case
def streams_are_the_commands(args, _):
    got = run(args, "-q", "--", "sh", "-c", "cat; echo err >&2", input=b"in\0put\n")
    assert got.stdout == b"in\0put\n" and got.stderr == b"err\n", got


@case
def waterfall_goes_to_stderr(args, _):
    env = {**os.environ, "COLUMNS": "60", "LC_ALL": "C.UTF-8"}
    got = run(args, "--", "cat", input=b"x", env=env)
    text = got.stderr.decode()
    assert got.stdout == b"x" and "cat  cold start" in text and "  cat  " not in text, text
    assert "\x1b" not in text and max(map(len, text.splitlines())) <= 60, text
    got = run(args, "--ascii", "--color", "always", "--", "cat", input=b"x", env=env)
    assert b"\x1b" in got.stderr and got.stderr.isascii()


def documents(args, folder, *more):
    """What --json says of a command that ends well, of one that fails, one that is killed, a function."""
    result = folder / "run.json"
    for command in (["cat"], ["sh", "-c", "exit 3"], ["sh", "-c", "kill -9 $$"],
                    [sys.executable, args.functions / "hello-py/handler.py"]):
        run(args, "-q", "--json", result, *more, "--", *command, input=b"{}")
        yield command, json.loads(result.read_text())


@case
def json_fits_its_schema(args, folder):
    try:
        import jsonschema
    except ImportError:
        cases.skip("python3-jsonschema is not installed (script/setup installs it)")
    # For readers unknown fields are no error; we write none that is not described.
    loose = args.schema.read_text()
    schema = json.loads(loose.replace('"additionalProperties": true', '"additionalProperties": false'))
    for _, document in documents(args, folder):
        jsonschema.validate(document, schema)
        document["later"] = document["exit"]["later"] = document["cold_starts"][0]["later"] = 1
        document["cold_starts"][0]["phases"][0]["later"] = 1
        jsonschema.validate(document, json.loads(loose))
        for broken in ({"command": []}, {"exit": {"status": "0", "signal": None}}):
            try:
                jsonschema.validate({**document, **broken}, json.loads(loose))
            except jsonschema.ValidationError:
                continue
            raise AssertionError(f"{broken} passed")


@case
def json_sums_up_exactly(args, folder):
    spans = folder / "spans.jsonl"
    told = list(documents(args, folder, "--file", spans))
    for command, document in told:
        assert document["cold_starts"], f"{command}: no cold start"
        for cold in document["cold_starts"]:
            assert sum(p["duration_ns"] for p in cold["phases"]) == cold["total_ns"], cold
            assert cold["phases"][-1]["name"] == "unattributed", cold
            at = 0
            for phase in cold["phases"][:-1]:
                assert phase["start_ns"] == at, cold
                at += phase["duration_ns"]
        assert document["accounting"]["dropped"] == document["accounting"]["torn"] == 0
    assert len(spans.read_text().splitlines()) == len(told) == 4


@case
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


@case
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


@case
def a_signal_to_us_alone_reaches_the_command(args, _):
    """As a supervisor sends it that knows our pid only; a session of its own has no terminal.

    A test run that was started with signals ignored (nohup, cron) hands that down: undone here. The
    command takes its signal by sigwait: a trap of a shell that is about to read would wait for input.
    """
    numbers = [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP]
    command = "import signal, sys; numbers = list(map(int, sys.argv[1:])); " \
              "signal.pthread_sigmask(signal.SIG_BLOCK, numbers); print('set', flush=True); " \
              "sys.exit(40 + signal.sigwait(numbers))"

    def prepare():
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)
    for number in numbers:
        with subprocess.Popen([args.coldspan, "run", "-q", "--", sys.executable, "-c", command,
                               *(str(int(one)) for one in numbers)], stdout=subprocess.PIPE,
                              preexec_fn=prepare, start_new_session=True) as process:
            assert process.stdout.readline() == b"set\n"
            process.send_signal(number)
            try:
                got = process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise AssertionError(f"{number.name} did not reach the command") from None
        assert got == 40 + number, f"{number.name}: {got}, expected {40 + number}"


@case
def a_script_without_its_interpreter_is_said_so(args, folder):
    script = folder / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    got = run(args, "--", script)
    assert got.returncode == 127 and b"interpreter" in got.stderr, got
    assert b"command not found" not in got.stderr, got


@case
def a_command_without_a_name_is_quoted(args, _):
    got = run(args, "--", "")
    assert got.returncode == 127 and got.stderr == b'coldspan: error: "": command not found\n', got
    got = subprocess.run([args.coldspan, "doctor", "--", ""], capture_output=True, check=False)
    assert got.returncode == 2 and got.stderr.startswith(b'coldspan: error: "": command'), got


@case
def a_result_that_cannot_be_written_is_said_before_the_command_runs(args, folder):
    ran = folder / "ran"
    for flag in ("--json", "--file"):
        for name in (folder / "missing/x", folder, "/proc/version/x"):
            got = run(args, flag, name, "--", "touch", ran)
            assert got.returncode == 125 and not ran.exists(), f"{flag} {name}: {got}"
            assert got.stderr.count(b"\n") == 1 and str(name).encode() in got.stderr, got
    got = run(args, "--json", folder / "x", "--", "nosuch-command")
    assert got.returncode == 127 and not os.listdir(folder), os.listdir(folder)


@case
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


def full_device(folder):
    """Never the host's own: who replaces it breaks the host."""
    full = folder / "full"
    try:
        os.mknod(full, stat.S_IFCHR | 0o666, os.makedev(1, 7))
        full.open("wb").close()
    except PermissionError:
        if os.geteuid() == 0:
            cases.skip("no device can be made here")
        full.symlink_to("/dev/full")
    return full


@case
def a_full_disk_is_one_line_and_the_commands_status(args, folder):
    full = full_device(folder)
    with full.open("wb") as out:
        to_stdout = subprocess.run([args.coldspan, "run", "-q", "--json", "-", "--", "sh", "-c",
                                    "exit 4"], stdout=out, stderr=subprocess.PIPE, timeout=60,
                                   check=False)
    to_file = [run(args, "-q", flag, full, "--", "sh", "-c", "exit 4") for flag in ("--json", "--file")]
    for got in (to_stdout, *to_file):
        assert got.returncode == 4 and got.stderr.count(b"\n") == 1, got
        assert b"No space left" in got.stderr, got
    assert full.is_char_device()


@case
def help_and_version_that_cannot_be_written_fail(args, folder):
    build = args.coldspan.parents[1]
    full = full_device(folder)
    for command, words, status in (
            (args.coldspan, ["--help"], 1), (args.coldspan, ["help"], 1), (args.coldspan, ["--version"], 1),
            (args.coldspan, ["doctor", "--help"], 1), (args.coldspan, ["help", "env"], 1),
            (args.coldspan, ["run", "--help"], 125), (args.coldspan, ["report", "--help"], 1),
            (build / "collector/coldspan-collector", ["--help"], 1),
            (build / "collector/coldspan-collector", ["--version"], 1),
            (build / "runtime/coldspan-faas", ["--help"], 1),
            (build / "runtime/coldspan-faas", ["--version"], 1)):
        with full.open("wb") as out:
            got = subprocess.run([command, *words], stdout=out, stderr=subprocess.PIPE, timeout=60,
                                 check=False)
        assert got.returncode == status and got.stderr.count(b"\n") == 1, (command, words, got)
        assert b"cannot write to standard output: No space left" in got.stderr, got
        got = subprocess.run([command, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             timeout=60, check=False)
        assert got.returncode == 0 and not got.stderr, (command, words, got)


@case
def a_process_that_cannot_be_made_is_our_failure(args, _):
    if not seccomp.library():
        cases.skip("libseccomp is not installed")
    refused = seccomp.refusing(["vfork", "clone"] if os.uname().machine == "x86_64" else ["clone"],
                               errno.EAGAIN)
    # LeakSanitizer's own thread is made by clone.
    env = {**os.environ, "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"}
    got = run(args, "-q", "--", "true", preexec_fn=refused, env=env)
    assert got.returncode == 125 and b"cannot start a process" in got.stderr, got
    assert got.stderr.count(b"\n") == 1, got


@case
def too_few_descriptors_are_one_line(args, folder):
    for count in (4, 5, 6, 7):
        def limit(count=count):
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
        got = run(args, "-q", "--json", folder / "run.json", "--", "true", preexec_fn=limit)
        assert got.returncode == 125 and got.stderr.count(b"\n") == 1, (count, got)
        assert got.stderr.startswith(b"coldspan: error: "), (count, got)
        assert b"Too many open files" in got.stderr, (count, got)
        assert os.listdir(folder) == [], (count, os.listdir(folder))


@case
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


# Its end takes a while.
HANGS = """
import http.server, os, signal
held = b"x" * (256 << 20)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("asked", flush=True)
        while True:
            signal.pause()
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(os.getpid(), os.getppid(), server.server_port, flush=True)
server.serve_forever()
"""


@case
def what_is_killed_with_the_command_is_told_so_even_if_its_end_takes_a_while(args, folder):
    spans = folder / "spans.jsonl"
    with subprocess.Popen([args.coldspan, "run", "-q", "--file", spans, "--", "sh", "-c", 'python3 -c "$1"; exit $?', "sh",
                           HANGS], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        *pids, port = map(int, running.stdout.readline().split())
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert running.stdout.readline() == b"asked\n"
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            assert running.wait(60) == 128 + signal.SIGKILL
    served = [span for span in otlp_json.of_file(spans) if span["kind"] == SERVER]
    assert [span["message"] for span in served] == ["killed by signal 9 (SIGKILL)"], served


@case
def nothing_is_left_behind(args, folder):
    env = {**os.environ, "TMPDIR": str(folder)}
    for command in (["true"], ["nosuch-command"], ["sh", "-c", "kill -9 $$"]):
        run(args, "-q", "--", *command, env=env)
        assert os.listdir(folder) == [], os.listdir(folder)


@case
def a_library_whose_path_does_not_fit_into_ld_preload_is_linked(args, folder):
    """ld.so splits at blanks and colons. The command's children find the link, too, and it goes."""
    scratch = folder / "tmp"
    scratch.mkdir()
    library = subprocess.run([args.coldspan, "env"], capture_output=True, text=True, check=True,
                             env={"PATH": os.environ["PATH"]}
                             ).stdout.splitlines()[0].removeprefix("LD_PRELOAD=")
    for name in ("a b", "a:b", "a\tb"):
        for tmpdir in (scratch, folder / name):
            (folder / name).mkdir(exist_ok=True)
            (folder / name / "libcoldspan.so").unlink(missing_ok=True)
            shutil.copy(library, folder / name)
            env = {**os.environ, "COLDSPAN_LIBRARY": str(folder / name / "libcoldspan.so"),
                   "TMPDIR": str(tmpdir)}
            got = run(args, "--json", folder / "run.json", "--", "sh", "-c",
                      "cat; grep -c libcoldspan /proc/self/maps", input=b"{}", env=env)
            assert got.returncode == 0 and got.stdout[:2] == b"{}" and int(got.stdout[2:]) > 0, got
            assert b"ERROR" not in got.stderr and b"cold start" in got.stderr, got
            document = json.loads((folder / "run.json").read_text())
            assert document["accounting"]["instances"] >= 2, document["accounting"]
            assert os.listdir(scratch) == [] and os.listdir(folder / name) == ["libcoldspan.so"]


@case
def the_waterfall_shows_what_the_json_says(args, folder):
    """Every phase with its numbers and the residue; whose it is; what was counted."""
    env = {**os.environ, "COLUMNS": "100", "LC_ALL": "C"}
    result = folder / "run.json"
    for command, name in ((["cat"], "cat"),
                          ([sys.executable, args.functions / "hello-py/handler.py"], None)):
        got = run(args, "--json", result, "--", *command, input=b"{}", env=env)
        cold = json.loads(result.read_text())["cold_starts"][0]
        lines = got.stderr.decode().splitlines()
        total = cold["total_ns"] / 1e6
        places = 1 if total >= 100 else 2 if total >= 10 else 3
        executable = os.path.basename(cold["executable"])
        fields = [cold["function"], "cold start", f"{total:.{places}f} ms",
                  *([executable] if name != executable else []),
                  f"pid {cold['pid']}", f"trace {cold['trace_id'][:8]}..."]
        assert lines[0] == "  ".join(fields), f"{lines[0]!r}, expected {fields}"
        assert lines[1].split()[:5] == ["phase", "start", "dur", "%", "0"], lines[1]
        rows = [row.split("#")[0].split() for row in lines[2:2 + len(cold["phases"])]]
        wanted = [[p["name"], "-" if p["name"] == "unattributed" else f"{p['start_ns'] / 1e6:.{places}f}",
                   ("~" if p["approximate"] else "") + f"{p['duration_ns'] / 1e6:.{places}f}",
                   f"{100 * p['duration_ns'] / cold['total_ns']:.1f}"] for p in cold["phases"]]
        assert rows == wanted and rows[-1][0] == "unattributed", f"{rows}, expected {wanted}"
        facts = " ".join(lines[2 + len(rows):])
        assert f" {cold['facts']['shared_objects']} shared objects, files: " in facts, facts


@case
def spans_that_nobody_acknowledges_are_given_up(args, _):
    """The server takes the connection in and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        got = run(args, "-q", "--otlp", endpoint, "--", "sh", "-c", "exit 9")
    assert got.returncode == 9, got
    said = rb"otlp %s/v1/traces: gave up on [1-9]\d* spans that were not acknowledged within 5 s\n" % endpoint.encode()
    assert re.search(said, got.stderr), got


def main():
    args = cases.parser(__doc__, "coldspan", "schema", "functions").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()

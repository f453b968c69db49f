#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`coldspan doctor` and `coldspan env`, on programs that can be watched and on those that cannot.

usage: doctor.py --coldspan FILE --guests DIR
"""
import argparse
import ctypes
import errno
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases, seccomp
from lib.cases import case

ARGS = argparse.Namespace()


def guest_of(name):
    path = ARGS.guests / name
    if not path.exists():
        cases.skip(f"{name} was not built: its compiler is missing")
    return path


def doctor(*words, env=None, before=None):
    run = subprocess.run([ARGS.coldspan, "doctor", *words], capture_output=True, text=True, timeout=60,
                         check=False, env={**os.environ, **(env or {})}, preexec_fn=before)
    return run.returncode, run.stdout, run.stderr


def expect(result, status, *texts):
    code, out, err = result
    assert code == status, f"exit {code}, expected {status}:\n{out}{err}"
    for text in texts:
        assert text in out + err, f"no {text!r} in:\n{out}{err}"


@case
def a_dynamic_program_can_be_watched(_):
    expect(doctor("--no-socket", "--", "cat"), 0, "cat can be watched", "the loader maps the shim")


@case
def a_static_program_cannot(_):
    expect(doctor("--no-socket", "--", guest_of("probe_static")), 3, "statically linked", "remedy:")


@case
def a_musl_program_can(_):
    expect(doctor("--no-socket", "--", guest_of("probe_musl")), 0, "musl")


@case
def a_setuid_program_of_another_user_cannot(folder):
    if os.geteuid() != 0:
        cases.skip("needs root to make a setuid program of another user")
    copy = folder / "setuid"
    shutil.copy(shutil.which("cat"), copy)
    os.chown(copy, 65534, 65534)
    os.chmod(copy, 0o4755)
    expect(doctor("--no-socket", "--", copy), 3, "drops LD_PRELOAD")


@case
def a_program_for_another_machine_cannot(folder):
    foreign = folder / "foreign"
    elf = bytearray(pathlib.Path(shutil.which("cat")).read_bytes())
    elf[18:20] = (8).to_bytes(2, sys.byteorder)  # e_machine: MIPS, for which there is no shim
    foreign.write_bytes(elf)
    foreign.chmod(0o755)
    expect(doctor("--no-socket", "--", foreign), 3, "another architecture", "remedy:")


@case
def a_script_is_judged_by_its_interpreter(folder):
    script = folder / "script"
    for first, status, text in ((f"#!{shutil.which('cat')}\n", 0, "the script is run by"),
                                ("#!/no/such/interpreter\n", 2, "/no/such/interpreter"),
                                ("echo\n", 0, "has no #! line: shells and coldspan run give it to /bin/sh"),
                                ("", 0, "has no #! line"),
                                ("a\0b\n", 2, "neither an ELF program nor a #! script")):
        script.write_text(first)
        script.chmod(0o755)
        expect(doctor("--no-socket", "--", script), status, text)


@case
def a_script_without_a_first_line_is_run_as_doctor_says(folder):
    """So that what is said of such a script is true: by a shell, and not by execve."""
    script = script_of(folder, "echo from the script")
    run = subprocess.run([ARGS.coldspan, "run", "--quiet", "--", script], capture_output=True, text=True,
                         check=False)
    assert run.returncode == 0 and run.stdout == "from the script\n", run
    try:
        subprocess.run([script], check=False)
    except OSError as error:
        assert error.errno == errno.ENOEXEC, error
    else:
        raise AssertionError("execve took it")


@case
def a_program_that_is_cut_short_is_said_to_be(folder):
    whole = pathlib.Path(shutil.which("cat")).read_bytes()
    cut = folder / "cut"
    for length, text in ((len(whole) // 2, "cut short"), (100, "cut short"),
                         (40, "neither an ELF program"), (4, "neither an ELF program")):
        cut.write_bytes(whole[:length])
        cut.chmod(0o755)
        expect(doctor("--no-socket", "--", cut), 2, text)


@case
def who_else_is_preloaded_is_told(folder):
    copy = folder / "libcoldspan.so"
    library = subprocess.run([ARGS.coldspan, "env"], capture_output=True, text=True, check=True,
                             env={"PATH": os.environ["PATH"]}
                             ).stdout.splitlines()[0].removeprefix("LD_PRELOAD=")
    shutil.copy(library, copy)
    heaptrack = folder / "libheaptrack_preload.so"
    shutil.copy(library, heaptrack)  # it is told by its name
    for preload, texts in ((f"{heaptrack}", ["heaptrack"]), (f"{heaptrack}:{copy}", ["heaptrack", "another copy"]),
                           (f"{copy} {heaptrack}", ["heaptrack", "another copy"])):
        expect(doctor("--no-socket", "--", "cat", env={"LD_PRELOAD": preload, "COLDSPAN_DISABLE": "1"}), 3,
               *texts)
    assert "copy" not in doctor("--no-socket", "--", "cat", env={"LD_PRELOAD": library})[1]


@case
def a_program_from_whom_the_preload_is_hidden(folder):
    (folder / "deno").symlink_to(shutil.which("cat"))
    expect(doctor("--no-socket", "--", folder / "deno"), 0, "hidden from it", "can be watched")
    for hide in ("", "node"):
        code, out, _ = doctor("--no-socket", "--", folder / "deno", env={"COLDSPAN_HIDE": hide})
        assert code == 0 and "hidden" not in out, out
    expect(doctor("--no-socket", "--", "cat", env={"COLDSPAN_HIDE": "x:cat"}), 0, "hidden from it")


@case
def a_script_of_a_static_interpreter_cannot(folder):
    script = folder / "script"
    script.write_text(f"#!{guest_of('probe_static')}\n")
    script.chmod(0o755)
    expect(doctor("--no-socket", "--", script), 3, "statically linked", "remedy:")


@case
def a_cleared_environment_is_noticed(_):
    expect(doctor("--no-socket", "--", "env", "-i", "cat"), 3, "strips LD_PRELOAD")


def script_of(folder, first, name="script"):
    script = folder / name
    script.write_text(first + "\n")
    script.chmod(0o755)
    return script


@case
def a_script_by_env_is_judged_by_what_env_starts(folder):
    static = guest_of("probe_static")
    (folder / "prog").symlink_to(static)
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    for line in ("#!/usr/bin/env prog", "#!/usr/bin/env -S prog -x", "#!/usr/bin/env -vS A=1 'prog' b",
                 f"#!/usr/bin/env -S {static}"):
        expect(doctor("--no-socket", "--", script_of(folder, line), env=path), 3, "statically linked")
    (folder / "python9").symlink_to(os.path.realpath(sys.executable))
    for line in ("#!/usr/bin/env python9", "#!/usr/bin/env -S python9 -u"):
        expect(doctor("--no-socket", "--", script_of(folder, line), env=path), 0,
               "python9 can be watched")
    expect(doctor("--no-socket", "--", script_of(folder, "#!/usr/bin/env nosuch-command")), 2,
           "nosuch-command: command not found")
    expect(doctor("--no-socket", "--", script_of(folder, "#!/usr/bin/env -S LD_PRELOAD= cat")), 3,
           "strips LD_PRELOAD")
    inner = script_of(folder, f"#!{static}", "inner")
    expect(doctor("--no-socket", "--", script_of(folder, f"#!/usr/bin/env {inner}")), 3,
           "statically linked")


@case
def a_wrapper_is_judged_by_what_it_starts(_):
    static = guest_of("probe_static")
    for words in (["env", "A=1"], ["env", "-u", "A", "--unset=B", "--"], ["env", "-S", "A=1 nice -5"],
                  ["nice"], ["nice", "-n", "5"], ["nice", "--adjustment", "5"], ["nice", "--adjustment=5"],
                  ["nohup"], ["setsid", "-w"], ["timeout", "-s", "INT", "--kill-after=2", "5"],
                  ["timeout", "--signal", "INT", "5"], ["stdbuf", "-oL", "-e", "0"],
                  ["xargs", "-0", "-I{}"], ["xargs", "-n", "2", "--max-procs", "3"],
                  ["timeout", "5", "env", "A=1", "nice"]):
        expect(doctor("--no-socket", "--", *words, static), 3, "statically linked")
        expect(doctor("--no-socket", "--", *words, "cat"), 0, "starts cat, which is judged",
               "cat can be watched")
    expect(doctor("--no-socket", "--", "timeout", "5", "nosuch-command"), 2, "nosuch-command")
    expect(doctor("--no-socket", "--", "env"), 0, "env can be watched")


@case
def a_wrapper_whose_words_are_not_known_is_judged_itself_and_says_so(folder):
    (folder / "strace").symlink_to(shutil.which("cat"))
    expect(doctor("--no-socket", "--", folder / "strace", "-f", "cat"), 0,
           "strace itself is judged, not what it starts")
    expect(doctor("--no-socket", "--", "env", "-S", "${HOME}/x"), 0, "env itself is judged")
    expect(doctor("--no-socket", "--", "nice", "-Z", "cat"), 0, "nice itself is judged")
    # As pyenv's python3: a script of a shell, which becomes what nobody can tell before it runs.
    expect(doctor("--no-socket", "--", script_of(folder, "#!/usr/bin/env sh\nexec cat")), 0, "starts sh, which is judged",
           "sh itself is judged, not what it starts", "sh can be watched")
    expect(doctor("--no-socket", "--", "sh", "-c", "cat"), 0, "sh itself is judged, not what it starts")
    assert "itself is judged" not in str(alone := doctor("--no-socket", "--", "sh")), alone


@case
def a_stripped_preload_is_noticed(_):
    for words in (["-u", "LD_PRELOAD"], ["-uLD_PRELOAD"], ["--unset=LD_PRELOAD"], ["LD_PRELOAD="], ["-"],
                  ["-iv"], ["--ignore-env"]):
        expect(doctor("--no-socket", "--", "env", *words, "cat"), 3, "env strips LD_PRELOAD", "remedy:")
    expect(doctor("--no-socket", "--", "env", "LD_PRELOAD=/x", "cat"), 3,
           "env sets LD_PRELOAD to /x, where no shim is")
    expect(doctor("--no-socket", "--", "env", "-u", "COLDSPAN_SOCKET", "cat"), 3,
           "COLDSPAN_SOCKET is stripped")
    expect(doctor("--no-socket", "--", "env", "COLDSPAN_DENY=cat", "cat"), 3, "COLDSPAN_DENY")
    expect(doctor("--no-socket", "--", "env", "-i", "cat", env={"COLDSPAN_DISABLE": "1"}), 3,
           "strips LD_PRELOAD")


@case
def the_remedy_for_a_stripped_preload_helps(folder):
    library = subprocess.run([ARGS.coldspan, "env"], capture_output=True, text=True, check=True,
                             env={"PATH": os.environ["PATH"]}).stdout.splitlines()[0]
    _, out, _ = doctor("--no-socket", "--", "env", "-i", "cat")
    assert f"remedy: name {library} and COLDSPAN_SOCKET" in out, out
    words = ["env", "-i", library, "COLDSPAN_SOCKET=/y", "cat"]
    expect(doctor("--no-socket", "--", *words), 0, "cat can be watched")
    expect(doctor("--socket", folder / "x", "--", *words), 3, "no collector can be reached at /y")


@case
def a_path_given_by_env_is_where_its_command_is_looked_for(folder):
    (folder / "cat").symlink_to(guest_of("probe_static"))
    expect(doctor("--no-socket", "--", "env", f"PATH={folder}", "cat"), 3, "statically linked")


@case
def a_program_without_its_loader_cannot(folder):
    """The interpreter of a copy is renamed in place: ld-uClibc.so.0 is no longer than glibc's."""
    copy = folder / "copy"
    elf = pathlib.Path(shutil.which("cat")).read_bytes()
    theirs = next(name for name in (b"/lib64/ld-linux-x86-64.so.2", b"/lib/ld-linux-aarch64.so.1")
                  if name in elf)
    copy.write_bytes(elf.replace(theirs, b"/lib/ld-uClibc.so.0".ljust(len(theirs), b"\0"), 1))
    copy.chmod(0o755)
    expect(doctor("--no-socket", "--", copy), 3, "its loader /lib/ld-uClibc.so.0 is not there",
           "remedy:", "CANNOT be watched")


@case
def an_absent_collector_is_an_obstacle_and_a_present_one_is_not(folder):
    path = folder / "announce.sock"
    expect(doctor("--socket", path, "--", "cat"), 3, "no collector can be reached", "remedy:")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen(4)
        expect(doctor("--socket", path, "--", "cat"), 0, "a collector listens at")


@case
def a_missing_library_and_the_switch_are_named(_):
    expect(doctor("--no-socket", "--", "cat", env={"COLDSPAN_LIBRARY": "/nonexistent.so"}), 3,
           "/nonexistent.so")
    expect(doctor("--no-socket", "--", "cat", env={"COLDSPAN_DISABLE": "1"}), 3, "COLDSPAN_DISABLE")


@case
def variables_are_read_as_the_shim_reads_them(_):
    for variable in ({"COLDSPAN_DISABLE": "0"}, {"COLDSPAN_DISABLE": ""},
                     {"COLDSPAN_DENY": "ca:cats:a/cat"}):
        expect(doctor("--no-socket", "--", "cat", env=variable), 0, "cat can be watched")
    for deny in ("cat", "node:cat", "cat:node"):
        expect(doctor("--no-socket", "--", "/bin/cat", env={"COLDSPAN_DENY": deny}), 3, "COLDSPAN_DENY")


@case
def a_limit_that_leaves_no_room_is_named(_):
    for limit, text in ((resource.RLIMIT_FSIZE, "the limit on file sizes is 4096 bytes"),
                        (resource.RLIMIT_AS, "the limit on address space is 536870912 bytes")):
        value = 4096 if limit == resource.RLIMIT_FSIZE else 512 << 20
        expect(doctor("--no-socket", "--", "cat",
                      before=lambda: resource.setrlimit(limit, (value, value))), 3, text)


@case
def each_call_of_an_attach_is_tried(_):
    """By a filter that knows all but one; doctor itself, or its libc, needs some of them."""
    if not seccomp.library():
        cases.skip("libseccomp is not installed")
    needed = ["connect", "memfd_create", "ftruncate", "madvise", "sendmsg"]
    for call in needed + ["getppid", "getcwd", "socket", "readlinkat"]:
        expect(doctor("--no-socket", "--", "cat", before=seccomp.killing([call])), 3,
               f"{call} kills the process")
    for call in needed:
        expect(doctor("--no-socket", "--", "cat", before=seccomp.refusing([call], errno.EPERM)), 3,
               f"{call} is refused")
    for call in ("getppid", "getcwd", "readlinkat", "getpid"):
        expect(doctor("--no-socket", "--", "cat", before=seccomp.refusing([call], errno.ENOSYS)), 0)


@case
def bad_command_lines_are_one_line(_):
    for words in (["--", "nosuch-command"], [], ["--nosuch"], ["--", "/etc/passwd"]):
        code, out, err = doctor(*words)
        assert code == 2 and not out and len(err.strip().splitlines()) == 1, (words, code, out, err)


@case
def env_keeps_what_is_preloaded(_):
    run = subprocess.run([ARGS.coldspan, "env", "--socket", "/s p/a'b"], capture_output=True, text=True,
                         env={**os.environ, "LD_PRELOAD": "libother.so"}, check=True)
    preload, sock = run.stdout.splitlines()
    assert preload.startswith("LD_PRELOAD=/") and preload.endswith("libcoldspan.so:libother.so"), preload
    assert sock == "COLDSPAN_SOCKET=/s p/a'b", sock
    shell = subprocess.run(["sh", "-c", 'eval "$("$1" env --export --socket "/s p/a\'b")"; '
                            'printf %s "$COLDSPAN_SOCKET"', "sh", ARGS.coldspan], capture_output=True,
                           text=True, check=True)
    assert shell.stdout == "/s p/a'b", shell


@case
def a_library_whose_path_does_not_fit_into_ld_preload_is_said_so(folder):
    library = subprocess.run([ARGS.coldspan, "env"], capture_output=True, text=True, check=True,
                             env={"PATH": os.environ["PATH"]}
                             ).stdout.splitlines()[0].removeprefix("LD_PRELOAD=")
    for name in ("a b", "a:b", "a$LIB"):
        (folder / name).mkdir()
        shutil.copy(library, folder / name)
        misfit = {"COLDSPAN_LIBRARY": str(folder / name / "libcoldspan.so")}
        got = subprocess.run([ARGS.coldspan, "env"], capture_output=True, text=True, check=False,
                             env={**os.environ, **misfit})
        assert got.returncode == 1 and not got.stdout and got.stderr.count("\n") == 1, got
        assert "LD_PRELOAD cannot hold a path with a space" in got.stderr, got
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(folder / name / "s"))
            listener.listen(4)
            there = ["--socket", folder / name / "s", "--"]
            for program in ("cat", ARGS.guests / "probe_musl"):
                if program == "cat" or program.exists():
                    expect(doctor(*there, program, env=misfit), 3, "LD_PRELOAD cannot hold",
                           "symbolic link")
            link = {"COLDSPAN_LIBRARY": str(folder / "libcoldspan.so")}
            (folder / "libcoldspan.so").unlink(missing_ok=True)
            (folder / "libcoldspan.so").symlink_to(misfit["COLDSPAN_LIBRARY"])
            expect(doctor(*there, "cat", env=link), 0, "the loader maps the shim")
        expect(doctor("--no-socket", "--", "cat", env=misfit), 0, "coldspan run preloads a link",
               "the loader maps the shim")


@case
def a_program_for_another_c_library_cannot(folder):
    """As built for uClibc: its loader's and its library's names, put into a copy of ours."""
    copy = folder / "copy"
    elf = pathlib.Path(shutil.which("cat")).read_bytes()
    loader = next(name for name in (b"/lib64/ld-linux-x86-64.so.2", b"/lib/ld-linux-aarch64.so.1")
                  if name in elf)
    elf = elf.replace(loader, b"/lib/ld-uClibc.so.0".ljust(len(loader), b"\0"), 1)
    copy.write_bytes(elf.replace(b"libc.so.6\0", b"libc.so.0\0"))
    copy.chmod(0o755)
    expect(doctor("--no-socket", "--", copy), 3, "neither glibc nor musl", "use a build for glibc")


@case
def a_program_whose_address_sanitizer_is_a_library(folder):
    """It can be watched (tests/shim/unusual.py), and whom it will find there is said."""
    source = folder / "x.c"
    source.write_text("int main(void) { return 0; }\n")
    if not shutil.which("gcc") or subprocess.run(["gcc", "-fsanitize=address", source, "-o", folder / "x"],
                                                 check=False, capture_output=True).returncode:
        cases.skip("gcc has no AddressSanitizer here")
    expect(doctor("--no-socket", "--", folder / "x"), 0, "AddressSanitizer (libasan.so…) is there too")


@case
def a_go_program_is_said_to_be_seen_at_its_start_only(folder):
    """What tells one is the section that Go's linker writes; here it is put into another program."""
    if not shutil.which("objcopy"):
        cases.skip("objcopy is not installed")
    info, copy = folder / "info", folder / "copy"
    info.write_bytes(b"\xff Go buildinf:")
    subprocess.run(["objcopy", "--add-section", f".go.buildinfo={info}", shutil.which("cat"), copy],
                   check=True)
    expect(doctor("--no-socket", "--", copy), 0, "built by Go", "only the start is seen")


def forgo_root():
    """Without these capabilities (override, read and search) root is refused as anybody is."""
    for capability in (1, 2):
        if os.geteuid() == 0 and ctypes.CDLL(None).prctl(24, capability, 0, 0, 0):
            os._exit(cases.SKIP_TEST)


@case
def a_socket_that_refuses_us_has_a_remedy_of_its_own(folder):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(folder / "s"))
        listener.listen(4)
        os.chmod(folder / "s", 0)
        got = doctor("--socket", folder / "s", "--", "cat", before=forgo_root)
    if got[0] == cases.SKIP_TEST:
        cases.skip("root cannot drop capabilities here")
    expect(got, 3, "Permission denied", "make the socket and its folder accessible to this user")
    assert "start coldspan-collector" not in got[1], got


def main():
    cases.parser(__doc__, "coldspan", "guests").parse_args(namespace=ARGS)
    cases.main(ARGS, folder=True)


if __name__ == "__main__":
    main()

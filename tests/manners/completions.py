#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the completions offer, asked of the shells themselves: bash, zsh and fish as Debian has them.

usage: completions.py --build DIR --source DIR
"""
import contextlib
import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases
from lib.cases import case
from manners import commands

LIMIT_S = 60
BASH_COMPLETION = pathlib.Path("/usr/share/bash-completion/bash_completion")
YAML = """version: 1
functions:
  hello-py:
    run: [python3, handler.py]
    budgets: [p50 total <= 1s]
  hello-js:
    run: [node, handler.js]
    budgets: [p50 total <= 1s]
"""


def folder_of_a_project(folder):
    (folder / "coldspan.yaml").write_text(YAML)
    (folder / "other.yaml").write_text(YAML.replace("hello", "other"))
    (folder / "traces.jsonl").write_text("")
    (folder / "below").mkdir()
    return folder


def path_of(args):
    """Where the three programs are found by name."""
    return os.pathsep.join([str(args.build / part) for part in ("agent", "collector", "runtime")]
                           + [os.environ["PATH"]])


def need(shell):
    if not shutil.which(shell):
        cases.skip(f"{shell} is not installed (script/setup installs it)")


class Bash:
    """Words as readline parts them, given to the function that is registered for the first of them."""

    def __init__(self, args, folder, library):
        need("bash")
        if library and not BASH_COMPLETION.exists():
            cases.skip("bash-completion is not installed (script/setup installs it)")
        self.args, self.folder, self.library = args, folder, library

    def offers(self, *words):
        parts = [part for word in words for part in
                 (word.replace("=", "\n=\n").strip("\n").split("\n") if word else [""])]
        program = f"""
            {f'. {BASH_COMPLETION}' if self.library else ''}
            eval "$(coldspan completion bash)"
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${{#COMP_LINE}}
            wanted=$(complete -p "$1") && wanted=${{wanted#*-F }}
            "${{wanted%% *}}" "$1" "${{!#}}" "${{COMP_WORDS[COMP_CWORD - 1]}}" 2>/dev/null
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        got = subprocess.run(["bash", "--norc", "-c", program, "bash", *parts], cwd=self.folder, text=True,
                             capture_output=True, check=False, timeout=LIMIT_S, stdin=subprocess.DEVNULL,
                             env=commands.environment(PATH=path_of(self.args)))
        assert not got.stderr, got
        return {word.strip() for word in got.stdout.splitlines() if word.strip()}


class Fish:
    def __init__(self, args, folder):
        need("fish")
        self.args, self.folder = args, folder

    def offers(self, *words):
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        got = subprocess.run(["fish", "--no-config", "-c",
                              "coldspan completion fish | source; complete -C \"$argv[1]\"", " ".join(words)],
                             cwd=self.folder, text=True, capture_output=True, check=False, timeout=LIMIT_S,
                             stdin=subprocess.DEVNULL,
                             env=commands.environment(PATH=path_of(self.args), HOME=str(home)))
        assert got.returncode == 0 and not got.stderr, got
        offered = {line.split("\t")[0] for line in got.stdout.splitlines()}
        if words[-1].startswith("--") and "=" in words[-1]:  # fish offers the whole word, the others its end
            offered = {word.partition("=")[2] for word in offered}
        return offered


# What completion adds is written down, word by word; then the line as it stands.
ZSH = r"""
PROMPT='' RPROMPT=''
fpath=($FOLDER $fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' verbose yes
setopt no_beep no_always_last_prompt
LISTMAX=100000
compadd() {
	local -a hits
	case " $* " in
	*' -O '*|*' -A '*|*' -D '*) builtin compadd "$@"; return ;;
	esac
	builtin compadd -A hits "$@"
	(( $#hits )) && print -rl -- ${hits} >>$OUT
	builtin compadd "$@"
}
told() { print -r -- "END" >>$OUT; zle kill-whole-line }
zle -N told
bindkey -e
bindkey '^I' complete-word
bindkey '^X' told
print READY >>$OUT
"""


class Zsh:
    """An interactive zsh on a terminal of its own, with TAB pressed."""

    def __init__(self, args, folder):
        need("zsh")
        self.out = folder / "out"
        scripts, self.folder = folder / "zsh", folder
        scripts.mkdir()
        (scripts / ".zshrc").write_text(ZSH)
        (scripts / "_coldspan").write_text(
            subprocess.run([args.build / "agent/coldspan", "completion", "zsh"], check=True, text=True,
                           capture_output=True).stdout)
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            ["zsh", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, start_new_session=True,
            env=commands.environment(PATH=path_of(args), ZDOTDIR=str(scripts), OUT=str(self.out), TERM="dumb",
                                     FOLDER=str(scripts), HOME=str(folder)))
        os.close(theirs)
        self.until("READY")

    def until(self, word):
        """What was written down before that word."""
        end = time.monotonic() + LIMIT_S
        screen = b""
        while time.monotonic() < end:
            if select.select([self.ours], [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    screen += os.read(self.ours, 65536)
            lines = self.out.read_text().splitlines() if self.out.exists() else []
            if word in lines:
                self.out.write_text("")
                return lines[:lines.index(word)]
        raise AssertionError(f"no {word}: {screen!r}")

    def offers(self, *words):
        os.write(self.ours, " ".join(words).encode() + b"\t\x18")
        return set(self.until("END"))

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


# Words, of which the last is being typed; what has to be offered; what may not be.
OFFERS = (
    (["coldspan", ""], {"run", "assert", "help"}, {"serve"}),
    (["coldspan", "re"], {"report"}, {"run"}),
    (["coldspan", "--v"], {"--version"}, {"--json"}),
    (["coldspan", "run", "--"], {"--json", "--otlp", "--color"}, {"--function"}),
    (["coldspan", "report", "--a"], {"--ascii"}, {"--color"}),
    (["coldspan", "run", "--color", ""], {"auto", "always", "never"}, {"--json"}),
    (["coldspan", "run", "--color", "al"], {"always"}, {"auto"}),
    (["coldspan", "report", "--color="], {"auto", "always", "never"}, {"traces.jsonl"}),
    (["coldspan", "report", "--color=n"], {"never"}, {"auto"}),
    (["coldspan", "report", "tr"], {"traces.jsonl"}, {"run"}),
    (["coldspan", "report", "--ascii", "tr"], {"traces.jsonl"}, {"run"}),
    (["coldspan", "run", "--json", "tra"], {"traces.jsonl"}, set()),
    (["coldspan", "assert", ""], {"hello-py", "hello-js"}, {"other-py", "traces.jsonl"}),
    (["coldspan", "assert", "hello-p"], {"hello-py"}, {"hello-js"}),
    (["coldspan", "assert", "-c", "oth"], {"other.yaml"}, {"hello-py"}),
    (["coldspan", "assert", "-c", "other.yaml", ""], {"other-py", "other-js"}, {"hello-py"}),
    (["coldspan", "help", "d"], {"doctor"}, {"run"}),
    (["coldspan", "completion", ""], {"bash", "zsh", "fish"}, {"traces.jsonl"}),
    (["coldspan", "dashboards", ""], {"install", "lint", "list"}, {"traces.jsonl"}),
    (["coldspan", "dashboards", "install", "be"], {"below"}, {"traces.jsonl"}),
    (["coldspan", "dashboards", "lint", "tr"], {"traces.jsonl"}, {"list"}),
    (["coldspan", "run", "--", "coldspan-col"], {"coldspan-collector"}, {"traces.jsonl"}),
    (["coldspan", "run", "-q", "--", "coldspan-col"], {"coldspan-collector"}, {"traces.jsonl"}),
    (["coldspan", "doctor", "coldspan-col"], {"coldspan-collector"}, {"traces.jsonl"}),
    (["coldspan", "run", "--", "cat", "tra"], {"traces.jsonl"}, {"run"}),
    (["coldspan-collector", "--log-level", ""], {"error", "warn", "info", "debug"}, {"traces.jsonl"}),
    (["coldspan-collector", "--so"], {"--socket", "--socket-mode"}, {"--file"}),
    (["coldspan-collector", "--file", "tr"], {"traces.jsonl"}, set()),
    (["coldspan-faas", "s"], {"serve"}, {"help"}),
    (["coldspan-faas", "serve", "--f"], {"--functions"}, {"--listen"}),
    (["coldspan-faas", "serve", "--functions", "be"], {"below"}, {"traces.jsonl"}),
)


def check(shell):
    wrong = []
    for words, wanted, unwanted in OFFERS:
        offered = {word.rstrip("/=") for word in shell.offers(*words)}
        if not wanted <= offered or unwanted & offered:
            wrong.append(f"{words}: offered {sorted(offered)[:12]}, wanted {sorted(wanted)}, not {sorted(unwanted)}")
    assert not wrong, "\n".join(wrong)


@case
def bash(args, folder):
    check(Bash(args, folder_of_a_project(folder), library=True))


@case
def bash_alone(args, folder):
    check(Bash(args, folder_of_a_project(folder), library=False))


@case
def fish(args, folder):
    check(Fish(args, folder_of_a_project(folder)))


@case
def zsh(args, folder):
    with contextlib.closing(Zsh(args, folder_of_a_project(folder))) as shell:
        check(shell)


@case
def every_option_is_offered(args, folder):
    """In bash; the others read --help by the same lines."""
    shell = Bash(args, folder_of_a_project(folder), library=True)
    for command in commands.every(args.build, args.source):
        if command.name in ("coldspan", "coldspan-faas"):
            continue
        words = command.name.split()
        assert shell.offers(*words, "--") == set(command.options()), command.name


@case
def functions_of_the_file(args, folder):
    folder_of_a_project(folder)
    for words, status, names in ((["functions"], 0, "hello-py\nhello-js\n"),
                                 (["functions", "-c", "other.yaml"], 0, "other-py\nother-js\n"),
                                 (["functions", "-c", "nosuch.yaml"], 2, "")):
        got = subprocess.run([args.build / "agent/coldspan", "completion", *words], cwd=folder, text=True,
                             capture_output=True, check=False, timeout=LIMIT_S)
        assert (got.returncode, got.stdout) == (status, names), got
        assert got.stderr.count("\n") == (1 if status else 0), got


@case
def what_is_printed_is_what_is_installed(args, _):
    for shell, name in (("bash", "coldspan.bash"), ("zsh", "_coldspan"), ("fish", "coldspan.fish")):
        got = subprocess.run([args.build / "agent/coldspan", "completion", shell], capture_output=True,
                             check=True, timeout=LIMIT_S)
        assert got.stdout == (args.source / "completions" / name).read_bytes(), shell


def main():
    args = cases.parser(__doc__, "build", "source").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--propagate and --baggage of `coldspan run` and `coldspan env`: what they set, and what they refuse.

usage: options.py --coldspan FILE
"""
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from lib import cases, otlp_json
from lib.cases import case

BEFORE = {"COLDSPAN_PROPAGATE": "outbound", "COLDSPAN_BAGGAGE": "before", "HTTP_BAGGAGE": "userId=al%20ice,before=1",
          "HTTP_X_REQUEST_ID": "r"}
SHOW = ["sh", "-c", 'echo "$COLDSPAN_PROPAGATE $COLDSPAN_BAGGAGE"']
REFUSED = {
    ("--propagate", "inbond"): 'did you mean "inbound"?',
    ("--propagate", "inbound,outbond"): 'did you mean "outbound"?',
    ("--propagate", "all"): "write inbound, outbound, env",
    ("--propagate", ""): "write inbound, outbound, env",
    ("--propagate", "env,"): "write inbound, outbound, env",
    ("--propagate", "inbound:env"): "did you mean",
    ("--baggage", "user id"): '"user id": no key',
    ("--baggage", "x" * 33): "up to 32",
    ("--baggage", ",".join(f"k{n}" for n in range(17))): "17 keys: 16 are taken",
}


def coldspan(args, *words, **more):
    return subprocess.run([args.coldspan, *words], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **BEFORE, **more}, input="event")


@case
def run_sets_them_over_the_environments(args, _):
    for options, told in (([], "outbound before"), (["--propagate", "env,inbound"], "env,inbound before"),
                          (["--baggage", "userId"], "outbound userId"),
                          (["--propagate", "inbound", "--propagate", "env", "--baggage", "a,b"], "env a,b")):
        got = coldspan(args, "run", "--quiet", *options, "--", *SHOW)
        assert (got.returncode, got.stdout) == (0, told + "\n"), (options, got)


@case
def env_prints_what_was_asked_for(args, _):
    both = ["--propagate", "inbound,outbound", "--baggage", "userId,it's"]
    lines = coldspan(args, "env", *both).stdout.splitlines()
    assert lines[2:] == ["COLDSPAN_PROPAGATE=inbound,outbound", "COLDSPAN_BAGGAGE=userId,it's"], lines
    assert len(coldspan(args, "env").stdout.splitlines()) == 2
    quoted = coldspan(args, "env", "--export", *both).stdout
    shell = subprocess.run(["sh", "-c", f"{quoted}\n{SHOW[2]}"], capture_output=True, text=True, timeout=60,
                           check=True, env={"PATH": os.environ["PATH"]})
    assert shell.stdout == "inbound,outbound userId,it's\n", (quoted, shell)
    told = json.loads(coldspan(args, "env", "--json", *both).stdout)["variables"]
    assert (told["COLDSPAN_PROPAGATE"], told["COLDSPAN_BAGGAGE"]) == ("inbound,outbound", "userId,it's"), told


@case
def what_is_no_word_and_no_key_is_refused(args, _):
    for (option, value), text in REFUSED.items():
        for words, status in ((["env", option, value], 2), (["run", option, value, "--", *SHOW], 125)):
            got = coldspan(args, *words)
            assert (got.returncode, got.stdout) == (status, ""), got
            assert got.stderr.count("\n") == 1 and text in got.stderr and option in got.stderr, got


@case
def an_option_is_no_key(args, _):
    got = coldspan(args, "run", "--baggage", "--", *SHOW)
    assert got.returncode == 125 and "--baggage needs a value" in got.stderr, got


@case
def baggage_that_is_named_becomes_attributes(args, folder):
    spans = folder / "spans.jsonl"
    got = coldspan(args, "run", "--quiet", "--file", spans, "--baggage", "userId", "--", "cat")
    assert (got.returncode, got.stdout) == (0, "event"), got
    told = [span["attributes"] for span in otlp_json.of_file(spans) if "faas.coldstart" in span["attributes"]
            and span["kind"] == 2]
    assert len(told) == 1 and told[0]["baggage.userId"] == "al ice", told
    assert "baggage.before" not in spans.read_text(), told


def main():
    args = cases.parser(__doc__, "coldspan").parse_args()
    cases.main(args, args, folder=True)


if __name__ == "__main__":
    main()

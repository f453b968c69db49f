#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`meson install` gives a prefix that works where it was moved to.

usage: prefix.py BUILD_DIR MESON...
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib import cases

ARGS = argparse.Namespace()
PROGRAMS = ("coldspan", "coldspan-collector", "coldspan-faas")


class Prefix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        run = subprocess.run([*ARGS.meson, "install", "-C", ARGS.build, "--no-rebuild", "--destdir",
                              cls.folder.name], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        cls.root = pathlib.Path(cls.folder.name)
        cls.bin = next(cls.root.rglob("bin/coldspan")).parent

    def variable(self, name):
        config = next(self.root.rglob("coldspan.pc"))
        return subprocess.run(["pkg-config", f"--variable={name}", "coldspan"], check=True,
                              capture_output=True, text=True,
                              env={**os.environ, "PKG_CONFIG_PATH": str(config.parent)}
                              ).stdout.strip()

    def test_every_program_says_its_version(self):
        version = subprocess.run(["pkg-config", "--modversion",
                                  str(next(self.root.rglob("coldspan.pc")))],
                                 check=True, capture_output=True, text=True).stdout.strip()
        for program in PROGRAMS:
            run = subprocess.run([self.bin / program, "--version"], capture_output=True, text=True,
                                 check=False)
            self.assertEqual(run.returncode, 0, program)
            self.assertIn(version, run.stdout, program)

    def test_pkg_config_names_the_installed_library(self):
        preload = self.variable("preload")
        self.assertTrue(preload.startswith("/"), preload)
        self.assertTrue((self.root / preload.lstrip("/")).is_file(), preload)
        self.assertTrue(self.variable("socket").startswith("/"))

    def test_the_command_finds_the_library_beside_itself(self):
        run = subprocess.run([self.bin / "coldspan", "env"], capture_output=True, text=True,
                             check=True, env={"PATH": os.environ["PATH"]})
        library = self.root / self.variable("preload").lstrip("/")
        self.assertIn(f"LD_PRELOAD={library}\n", run.stdout)

    def test_a_command_is_watched_from_there(self):
        result = self.root / "start.json"
        run = subprocess.run([self.bin / "coldspan", "run", "--quiet", "--json", result, "--",
                              "/bin/echo", "installed"], capture_output=True, text=True,
                             check=False)
        self.assertEqual((run.returncode, run.stdout), (0, "installed\n"), run.stderr)
        self.assertIn('"exec"', result.read_text(encoding="utf-8"))

    def test_what_starts_commands_is_found_from_there(self):
        result = self.root / "memory.json"
        if not list(self.root.rglob("coldspan-spawn")):
            self.skipTest("this build has no coldspan-spawn: libc.a is missing")
        subprocess.run([self.bin / "coldspan", "run", "--quiet", "--json", result, "--", "/bin/true"], check=True)
        memory = re.search(r'"max_rss_bytes": ?(\d+)', result.read_text(encoding="utf-8"))
        self.assertLess(int(memory[1]), 2 << 20, "the memory of coldspan itself")

    def test_what_a_manual_page_points_to_is_there(self):
        page = next(self.root.rglob("man/man1/coldspan-run.1")).read_text(encoding="utf-8")
        named = re.findall(r"\bshare/coldspan/\S+", page)
        self.assertEqual(len(named), 1, named)
        schema = json.loads((self.bin.parent / named[0]).read_text(encoding="utf-8"))
        self.assertEqual(schema["title"], "coldspan.run/v1")

    def test_a_program_is_built_with_the_installed_header(self):
        config, source, program = next(self.root.rglob("coldspan.pc")), self.root / "f.c", self.root / "f"
        # Where it was moved to: its prefix is the one of a system's root.
        flags = subprocess.run(["pkg-config", f"--define-variable=prefix={self.bin.parent}", "--cflags",
                                "--libs", config], check=True, capture_output=True, text=True)
        source.write_text("#include <coldspan.h>\nint main(void) { return coldspan_watching(); }\n")
        subprocess.run(["cc", source, *flags.stdout.split(), "-o", program], check=True)
        self.assertEqual(subprocess.run([program], check=False).returncode, 0)
        watched = subprocess.run([self.bin / "coldspan", "run", "--quiet", "--", program], check=False)
        self.assertEqual(watched.returncode, 1)

    def test_completions_are_where_shells_look(self):
        share = self.bin.parent / "share"
        for name in PROGRAMS:
            self.assertIn("complete -F _coldspan",
                          (share / "bash-completion/completions" / name).read_text(encoding="utf-8"))
            self.assertIn("complete -c $program",
                          (share / f"fish/vendor_completions.d/{name}.fish").read_text(encoding="utf-8"))
        self.assertTrue((share / "zsh/site-functions/_coldspan").is_file())

    def test_boards_are_found_and_installed_from_there(self):
        environment = {"PATH": os.environ["PATH"]}
        run = subprocess.run([self.bin / "coldspan", "dashboards", "list", "--json"], capture_output=True,
                             text=True, check=True, env=environment)
        boards = json.loads(run.stdout)["boards"]
        self.assertIn("coldspan-fleet", [board["uid"] for board in boards])
        self.assertTrue(all(board["file"].startswith(str(self.bin.parent)) for board in boards), boards)
        subprocess.run([self.bin / "coldspan", "dashboards", "install", self.root / "kit"], check=True,
                       capture_output=True, env=environment)
        self.assertTrue((self.root / "kit/boards/coldspan-fleet.json").is_file())

    def test_manual_pages_are_there(self):
        pages = {path.name for path in self.root.rglob("man/man*/*")}
        self.assertLessEqual({"coldspan.1", "coldspan-faas.8", "coldspan.h.3"}, pages)


if __name__ == "__main__":
    parser = cases.parser(__doc__)
    parser.add_argument("build")
    parser.add_argument("meson", nargs="+")
    parser.parse_args(namespace=ARGS)
    cases.main(ARGS)

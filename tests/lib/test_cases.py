#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The case runner, on small scripts. Run by unittest's own runner: it is not to judge itself."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import textwrap
import unittest

HEAD = f"""
import os, pathlib, sys, unittest
sys.path.insert(0, {str(pathlib.Path(__file__).resolve().parents[1])!r})
from lib import cases
from lib.cases import case
"""
TAIL = """
cases.main(cases.parser("").parse_args(), 5, folder=True)
"""
GOOD = """
@case
def good(five, folder):
    assert five == 5 and folder.is_dir()
"""
SKIPPED = """
@case
def skipped(five, folder):
    cases.skip("no such thing here")
"""


class Cases(unittest.TestCase):
    def script(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "script.py"
        path.write_text(HEAD + textwrap.dedent(text) + TAIL)
        return path

    def run_script(self, text, *words):
        env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        return subprocess.run([sys.executable, self.script(text), *words], capture_output=True, text=True,
                              timeout=60, check=False, env=env)

    def test_what_passes(self):
        done = self.run_script(GOOD)
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"\Agood \.\.\. ok \(\d+\.\d\d s\)\n1 passed, 0 failed, 0 skipped\n\Z")

    def test_any_exception_fails_its_case_and_the_next_one_runs(self):
        for failure in ("assert five == 6", "raise KeyError('x')", "sys.exit(0)", "five.nothing"):
            with self.subTest(failure=failure):
                done = self.run_script(f"@case\ndef bad(five, folder):\n    {failure}\n" + GOOD)
                self.assertEqual(done.returncode, 1, done)
                self.assertIn("bad ... FAIL\nTraceback", done.stdout)
                self.assertIn("good ... ok", done.stdout)
                self.assertIn("1 passed, 1 failed, 0 skipped\nfailed: bad\n", done.stdout)

    def test_a_skip_among_others_is_told_and_counted(self):
        done = self.run_script(SKIPPED + GOOD)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("skipped ... skip: no such thing here\n", done.stdout)
        self.assertIn("1 passed, 0 failed, 1 skipped\n", done.stdout)

    def test_only_if_all_are_skipped_the_script_is(self):
        done = self.run_script(SKIPPED)
        self.assertEqual(done.returncode, 77, done)
        self.assertTrue(done.stdout.endswith("\nSKIP: no such thing here\n"), done)
        done = self.run_script(SKIPPED + "@case\ndef bad(five, folder):\n    assert not five\n")
        self.assertEqual(done.returncode, 1, done)

    def test_a_skip_where_no_case_runs_is_the_scripts(self):
        done = self.run_script("cases.skip('nothing here')")
        self.assertEqual((done.returncode, done.stdout), (77, "SKIP: nothing here\n"))

    def test_only(self):
        done = self.run_script(GOOD + SKIPPED, "--only", "goo")
        self.assertEqual(done.returncode, 0, done)
        self.assertNotIn("skipped ...", done.stdout)
        self.assertEqual(self.run_script(GOOD, "--only", "bad").returncode, 2)

    def test_a_script_without_cases_fails(self):
        done = self.run_script("")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (2, "", "there is no case\n"))

    def test_no_case_can_be_forgotten(self):
        forgotten = "def forgotten(five, folder):\n    pass\n"
        done = self.run_script(GOOD + forgotten)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("forgotten", done.stderr)
        self.assertEqual(self.run_script(GOOD + forgotten.replace("def ", "def _")).returncode, 0)
        done = self.run_script(GOOD + GOOD)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("two cases", done.stderr)

    def test_a_sentence_is_a_name(self):
        done = self.run_script('@case("1: it holds")\ndef it(five, folder):\n    pass\n', "--only", "1:")
        self.assertIn("1: it holds ... ok", done.stdout)

    def test_classes_run_beside_functions(self):
        many = """
        class Many(unittest.TestCase):
            def test_one(self):
                for number in range(3):
                    with self.subTest(number=number):
                        self.assertNotEqual(number, 1)
            def test_two(self):
                self.addCleanup(self.fail, "also afterwards")
                self.fail("once")
            def test_three(self):
                cases.skip("not here")
        """
        done = self.run_script(textwrap.dedent(many) + GOOD)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("Many.test_one ... FAIL\nTraceback", done.stdout)
        self.assertEqual(done.stdout.count("\nMany.test_two ... FAIL\n"), 2, done.stdout)
        self.assertIn("also afterwards", done.stdout)
        self.assertIn("Many.test_three ... skip: not here\n", done.stdout)
        self.assertIn("1 passed, 2 failed, 1 skipped\n", done.stdout)

    def test_who_kills_the_script_sees_the_case(self):
        killed = "@case\ndef killed(five, folder):\n    os.kill(os.getpid(), 9)\n"
        done = self.run_script(GOOD + killed)
        self.assertEqual(done.returncode, -signal.SIGKILL, done)
        self.assertTrue(done.stdout.endswith("\nkilled ... "), done)


if __name__ == "__main__":
    unittest.main()

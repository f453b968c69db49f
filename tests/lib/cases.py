# SPDX-License-Identifier: Apache-2.0
"""Runs the cases of a test script one after the other and says how each ended; see README.md.

A case is a function that @case registered, or a method of a unittest.TestCase of the script. Any
exception fails it, skip() takes it out for a reason, and the next one runs whatever came of it.
"""
import argparse
import contextlib
import inspect
import pathlib
import sys
import tempfile
import time
import unittest

__unittest = True  # tracebacks begin in the script

SKIP_TEST = 77  # meson's code for a skipped test
USAGE = 2

REGISTERED = []
RUNNING = []


def case(what):
    """Registers a function; `@case("a sentence")` gives it that name instead of the function's."""
    if not callable(what):
        return lambda function: register(what, function)
    return register(what.__name__, what)


def register(name, function):
    if any(name == other for other, _ in REGISTERED):
        raise ValueError(f"there are two cases {name!r}")
    REGISTERED.append((name, function))
    return function


def skip(reason):
    """Ends the running case as skipped; where none runs, the whole script."""
    if RUNNING:
        raise unittest.SkipTest(reason)
    print(f"SKIP: {reason}")
    sys.exit(SKIP_TEST)


def absolute(name):
    return pathlib.Path(name).resolve()


def parser(usage, *paths):
    """An argparse.ArgumentParser that knows what main() wants.

    @paths: names of options that have to be given, each with a path; the script has it as an absolute one.
    """
    made = argparse.ArgumentParser(description=usage,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--only", metavar="WORDS", help="run the cases whose name contains this")
    for path in paths:
        made.add_argument(f"--{path}", required=True, type=absolute)
    return made


class InFolder(unittest.TestCase):
    """For cases that want an empty folder each: self.folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class Function(unittest.TestCase):
    def __init__(self, name, function, given, folder):
        super().__init__()
        self.name, self.function, self.given, self.folder = name, function, given, folder

    def id(self):
        return self.name

    def runTest(self):  # the name that unittest looks for
        with contextlib.ExitStack() as stack:
            given = list(self.given)
            if self.folder:
                given.append(pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())))
            self.function(*given)


class Report(unittest.TestResult):
    """Prints a line a case. Its name comes first, so that it stands there if the script is killed."""

    def __init__(self):
        super().__init__()
        self.passed, self.began, self.open = 0, 0, False

    def startTest(self, test):
        super().startTest(test)
        RUNNING.append(test)
        self.began, self.open = time.monotonic(), True
        print(f"{name_of(test)} ...", end=" ", flush=True)

    def stopTest(self, test):
        super().stopTest(test)
        RUNNING.remove(test)

    def say(self, test, what):
        """The first outcome ends the line of its case; what fails beside it has a line of its own."""
        print(what if self.open else f"{name_of(test)} ... {what}", flush=True)
        self.open = False

    def addSuccess(self, test):
        self.passed += 1
        self.say(test, f"ok ({time.monotonic() - self.began:.2f} s)")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say(test, f"skip: {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.say(test, f"FAIL\n{self.failures[-1][1]}")

    def addError(self, test, err):
        super().addError(test, err)
        self.say(test, f"FAIL\n{self.errors[-1][1]}")

    def addSubTest(self, test, subtest, err):
        if err:
            self.addFailure(subtest, err)

    def addExpectedFailure(self, test, err):
        raise NotImplementedError("a case holds, fails, or is skipped")

    addUnexpectedSuccess = addExpectedFailure

    def close(self):
        """Prints the counts. Returns the exit status."""
        failed = list(dict.fromkeys(name_of(test) for test, _ in self.failures + self.errors))
        print(f"{self.passed} passed, {len(failed)} failed, {len(self.skipped)} skipped")
        if failed:
            print("\n".join(f"failed: {name}" for name in failed))
            return 1
        if not self.passed:
            print("SKIP: " + "; ".join(dict.fromkeys(reason for _, reason in self.skipped)))
            return SKIP_TEST
        return 0


def name_of(test):
    return test.id().removeprefix("__main__.")


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def strays(module):
    """Public functions that look like a case and are none: somebody forgot to register them."""
    shapes = {tuple(inspect.signature(function).parameters) for _, function in REGISTERED}
    known = [function for _, function in REGISTERED]
    return [name for name, function in vars(module).items()
            if inspect.isfunction(function) and function.__module__ == module.__name__
            and name != "main" and not name.startswith("_") and function not in known
            and tuple(inspect.signature(function).parameters) in shapes]


def main(args, *given, folder=False):
    """Runs the cases of the script and exits.

    @args: as parser() parsed them; @given: what each function gets; @folder: and a new one as the last.
    """
    script = sys.modules["__main__"]
    forgotten = strays(script)
    if forgotten:
        sys.exit(f"neither @case nor named _...: {', '.join(forgotten)}")
    tests = [Function(name, function, given, folder) for name, function in REGISTERED]
    tests += flat(unittest.defaultTestLoader.loadTestsFromModule(script))
    wanted = [test for test in tests if not args.only or args.only in name_of(test)]
    if not wanted:
        print(f"no case's name contains {args.only!r}" if tests else "there is no case", file=sys.stderr)
        sys.exit(USAGE)
    report = Report()
    unittest.TestSuite(wanted).run(report)
    sys.exit(report.close())

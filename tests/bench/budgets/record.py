# SPDX-License-Identifier: Apache-2.0
"""What runs of `coldspan assert` said, written down as they end: a benchmark that is stopped has lost one run.

A folder with runs.jsonl, a line a run, and beside it what `coldspan assert` wrote of each, with all samples.
"""
import json
import pathlib
from typing import NamedTuple

FOLDER = "budgets-record"  # in the build's
NOTHING, TENTH, OBJECT = "nothing", "tenth", "object"
PARTS = (NOTHING, TENTH, OBJECT)
ALONE, LOADED = "alone", "loaded"  # the last processor
ANY, SAME = "any", "same"          # on which the function runs


class Run(NamedTuple):
    """One run. Of nothing changed `function` is all of them, and `verdict` FAIL where any budget failed."""
    part: str
    function: str
    load: str
    processor: str
    pairs: int
    verdict: str
    took_s: float


class Record:
    def __init__(self, build):
        self.folder = pathlib.Path(build) / FOLDER
        self.file = self.folder / "runs.jsonl"

    def runs(self):
        """What there is. The last line may have been cut."""
        runs = []
        if not self.file.exists():
            return runs
        for line in self.file.read_text(encoding="utf-8").splitlines():
            try:
                runs.append(Run(**json.loads(line)))
            except (json.JSONDecodeError, TypeError):
                continue
        return runs

    def begin(self, go_on):
        """Another one, or what is left of the one before."""
        self.folder.mkdir(exist_ok=True)
        if not go_on:
            for file in self.folder.iterdir():
                file.unlink()
            return
        if self.file.exists():
            text = self.file.read_text(encoding="utf-8")
            self.file.write_text(text[:text.rfind("\n") + 1], encoding="utf-8")

    def samples(self, part, function, number):
        return self.folder / f"{part}-{function}-{number}.json"

    def add(self, run):
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(run._asdict()) + "\n")


def select(runs, **wanted):
    return [run for run in runs if all(getattr(run, key) == value for key, value in wanted.items())]

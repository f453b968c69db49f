# SPDX-License-Identifier: Apache-2.0
"""YAML of dashboards/, for tests."""
import pathlib

from lib import cases

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read(path):
    try:
        import yaml
    except ImportError:
        cases.skip("python3-yaml is not installed (script/setup installs it)")
    return yaml.safe_load(path.read_text("utf-8"))


def rules(kind):
    """Those of "recording" or "alerts"."""
    return [rule for group in read(ROOT / f"dashboards/rules/coldspan-{kind}.yaml")["groups"]
            for rule in group["rules"]]

"""Run the suites of marshmallow and of libraries on it through `install()`.

``python run.py [NAME ...]`` in an environment with all of them installed. Each
suite comes from the sdist of the installed version and runs three times: as it is, and
by either form of compiled code. A test that passes alone and fails through us is lost;
a lost test, or a suite that compiles nothing, makes exit 1.
"""

# ruff: noqa: T201 - printing is what it is for

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
#: Each distribution, and what its suite imports beside it.
SUITES = {
    "marshmallow": ["simplejson", "pytz"],
    "webargs": [
        *("webtest", "flask", "pytest-asyncio", "aiohttp", "pytest-aiohttp"),
        *("webtest-aiohttp", "tornado", "bottle", "falcon", "pyramid", "django"),
    ],
    "flask-smorest": ["pyyaml"],
    "apiflask": ["openapi-spec-validator", "flask-httpauth", "pyyaml", "pydantic"],
    "marshmallow-sqlalchemy": ["pytest-lazy-fixtures"],
    "marshmallow-dataclass": ["marshmallow-enum", "typeguard"],
    "marshmallow-oneofschema": [],
    "flask-marshmallow": ["flask-sqlalchemy", "marshmallow-sqlalchemy"],
    "environs": ["dj-database-url", "dj-email-url", "django-cache-url"],
}
MODES = ("plain", "interpreted", "generated")


def requirements() -> list[str]:
    """Return what an environment for all suites needs, beside twopi-schemas."""
    return sorted({"pytest", "pip", *SUITES, *itertools.chain(*SUITES.values())})


def source(name: str, folder: Path) -> Path:
    """Return the unpacked sdist of the installed version of *name*."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    wanted = ["--no-binary", ":all:", "--dest", str(folder), f"{name}=={version(name)}"]
    subprocess.run([*pip, *wanted], check=True, timeout=300)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return next(path for path in folder.iterdir() if path.is_dir())


def outcomes(name: str, root: Path, mode: str) -> dict:
    """Run a suite and return its report."""
    report = root.parent / f"{mode}.json"
    path = os.pathsep.join([str(HERE), str(root)])
    env = {
        **os.environ,
        "PYTHONPATH": path,
        "TWOPI_SUITE": mode,
        "TWOPI_SUITE_REPORT": str(report),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "twopi_suite_plugin"]
    command += ["-p", "no:cacheprovider", "--continue-on-collection-errors"]
    command += ["-o", "addopts=", "-W", "ignore::pytest.PytestDeprecationWarning"]
    command += ["tests"]
    done = subprocess.run(
        command,
        cwd=root,
        env=env,
        capture_output=True,
        check=False,  # some tests fail without us too
        text=True,
        timeout=900,
    )
    if not report.exists():
        sys.exit(
            f"{name}, {mode}: pytest did not run\n{done.stdout[-3000:]}{done.stderr}"
        )
    return json.loads(report.read_text())


def passed(report: dict) -> Counter:
    """Count the tests that passed, by name; the time of day is in some names."""
    found = report["outcomes"].items()
    return Counter(re.sub(r"\d", "0", test) for test, how in found if how == "passed")


def compare(name: str) -> bool:
    """Run the suite of *name* in each way; return whether nothing is lost."""
    with tempfile.TemporaryDirectory() as folder:
        root = source(name, Path(folder))
        found = {mode: outcomes(name, root, mode) for mode in MODES}
    alone = passed(found["plain"])
    good = True
    for mode in MODES[1:]:
        calls = found[mode]["calls"]
        lost = sorted((alone - passed(found[mode])).elements())
        share = 1 - calls["handed over"] / max(calls["all"], 1)
        print(
            f"{name} {version(name)}, {mode}: {alone.total()} tests, {len(lost)} lost; "
            f"{calls['all']} calls, {share:.0%} compiled",
            flush=True,
        )
        for test in lost:
            print(f"    lost: {test}")
        good = good and not lost and bool(alone) and calls["all"] > 0 and share > 0
    return good


def main() -> None:
    """Run the suites named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SUITES))
    parser.add_argument("--requirements", action="store_true", help="print and stop")
    options = parser.parse_args()
    if options.requirements:
        print("\n".join(requirements()))
        return
    results = [compare(name) for name in options.names or SUITES]
    if not all(results):
        sys.exit(1)


if __name__ == "__main__":
    main()

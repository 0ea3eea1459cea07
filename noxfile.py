#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["nox[uv]>=2026.4"]
# ///
"""Every job of the repository, on a machine with only Python and pip.

``python3 noxfile.py``           test every package alone, then all together
``python3 noxfile.py -s demo``   run Punchcard, the composed application
``python3 noxfile.py -l``        list the other jobs
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "twopi needs Python 3.11 or newer; this is Python %d.%d (%s)"  # noqa: UP031
        % (*sys.version_info[:2], sys.executable)
    )

import atexit
import functools
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import tomllib
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent

try:
    import nox
except ModuleNotFoundError:
    private = ROOT / ".nox" / "_nox"
    if not private.exists():
        print("twopi: fetching nox and uv into .nox/ (once, about 10 s)", flush=True)
        fresh = Path(f"{private}.{os.getpid()}")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade"]
        pip += ["--root-user-action", "ignore", "--target", str(fresh)]
        # --target needs no virtual environment, whatever pip is set to ask for; in a
        # session of its own, Ctrl-C is for this process alone.
        settings = {"PIP_REQUIRE_VIRTUALENV": "0", "PIP_USER": "0"}
        fetching = None
        try:
            fetching = subprocess.Popen(
                [*pip, "nox[uv]>=2026.4"],
                env=os.environ | settings,
                start_new_session=True,
            )
            if fetching.wait():
                sys.exit("twopi: pip could not fetch nox; its message is above")
            with suppress(OSError):  # another first run was faster
                fresh.rename(private)
        except KeyboardInterrupt:
            if fetching is not None:
                fetching.kill()
                fetching.wait()
            sys.exit("twopi: interrupted; run the same command to start again")
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    sys.path.insert(0, str(private))
    import nox

from packaging.requirements import Requirement

PYTHONS = ["3.11", "3.12", "3.13"]
SERVERS = {
    "TWOPI_TEST_POSTGRES_URL": "postgresql+psycopg://postgres@127.0.0.1:5432/test",
    "TWOPI_TEST_MARIADB_URL": "mysql+pymysql://root@127.0.0.1:3306/test",
    "TWOPI_TEST_REDIS_URL": "redis://127.0.0.1:6379/0",
    "TWOPI_TEST_RABBITMQ_URL": "amqp://guest:guest@127.0.0.1:5672//",
}
PROJECTS = {
    path.parent.name: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted(ROOT.glob("packages/*/pyproject.toml"))
}

nox.needs_version = ">=2026.4"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = True
nox.options.reuse_venv = "yes"
nox.options.sessions = ["test", "integration"]
os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")
os.environ.setdefault("UV_SYSTEM_CERTS", "1")

each_package = nox.parametrize(
    "package", [nox.param(name, id=name, tags=[name]) for name in PROJECTS]
)


def extras(package: str) -> list[str]:
    """Name the extras of *package*."""
    return sorted(PROJECTS[package]["project"].get("optional-dependencies", {}))


def requirements(package: str, *, bare: bool = False) -> list[Requirement]:
    """Return what *package* declares: hard dependencies and, unless *bare*, extras."""
    project = PROJECTS[package]["project"]
    declared = list(project.get("dependencies", []))
    if not bare:
        for extra in project.get("optional-dependencies", {}).values():
            declared += extra
    return [Requirement(text) for text in declared]


def closure(package: str, *, bare: bool = False) -> list[str]:
    """Return *package* and the siblings it pulls in, nearest first.

    Unless *bare*, those that its extras and its own tests need are among them.
    """
    found = [package]
    for name in found:
        needs = requirements(name, bare=bare and name == package)
        if name == package and not bare:
            needs += map(Requirement, group(package))
        for need in needs:
            if need.name in PROJECTS and need.name not in found:
                found.append(need.name)
    return found


def group(package: str) -> list[str]:
    """Return the requirements of a package's own tests."""
    return list(nox.project.dependency_groups(PROJECTS[package], "test"))


@functools.cache
def wheels() -> Path:
    """Make the folder that holds this run's wheels."""
    folder = tempfile.mkdtemp(prefix="twopi-wheels-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def wheel(session: nox.Session, package: str) -> Path:
    """Build the wheel of *package*, once a run."""
    folder = wheels() / package
    if not folder.exists():
        build_into(session, package, folder, "--wheel")
    return next(folder.glob("*.whl"))


def build_into(session: nox.Session, package: str, folder: Path, *kinds: str) -> None:
    """Build *package* into *folder*."""
    source = str(ROOT / "packages" / package)
    session.run("uv", "build", "-q", *kinds, "--out-dir", str(folder), source)


def install_alone(
    session: nox.Session, package: str, *, bare: bool, oldest: bool = False
) -> None:
    """Install the wheel of *package* and those of the siblings it declares.

    uv counts only what stands on its command line as "direct", so the oldest
    versions have to be asked for by naming third parties again.
    """
    wanted = []
    for name in closure(package, bare=bare):
        chosen = f"[{','.join(extras(name))}]" if extras(name) and not bare else ""
        wanted.append(f"{name}{chosen} @ {wheel(session, name).as_uri()}")
        if oldest:
            needs = requirements(name, bare=bare)
            wanted += [str(need) for need in needs if need.name not in PROJECTS]
    if not bare:
        wanted += group(package)
    resolution = ["--resolution", "lowest-direct"] if oldest else []
    session.install(*resolution, *wanted)


def run_alone(session: nox.Session, package: str, *, oldest: bool = False) -> None:
    """Test *package* from its wheel, with nothing but what it declares."""
    independence = ["python", "tests-integration/independence.py"]
    hard = {need.name for need in requirements(package, bare=True)}
    optional = {need.name for need in requirements(package)} - hard
    install_alone(session, package, bare=True, oldest=oldest)
    names = sorted(name.replace("-", "_") for name in optional)
    session.run(*independence, "bare", package, *names)
    install_alone(session, package, bare=False, oldest=oldest)
    session.run("uv", "pip", "check", silent=True)
    session.run(*independence, "full", package)
    session.run("pytest", f"packages/{package}", *session.posargs)


def install_editable(session: nox.Session, *packages: str, tests: bool = False) -> None:
    """Install *packages* with all their extras, and their siblings, editable."""
    names = dict.fromkeys(name for package in packages for name in closure(package))
    wanted = []
    for name in names:
        chosen = f"[{','.join(extras(name))}]" if extras(name) else ""
        wanted += ["-e", f"{ROOT / 'packages' / name}{chosen}"]
    if tests:
        wanted += dict.fromkeys(need for name in names for need in group(name))
    session.log("installing; the first time, this may take a minute")
    session.install(*wanted, silent=not sys.stderr.isatty())  # uv shows its progress


@nox.session(reuse_venv=False)
@each_package
def test(session: nox.Session, package: str) -> None:
    """Test one package alone: its wheel in a fresh environment."""
    run_alone(session, package)


@nox.session
def integration(session: nox.Session) -> None:
    """Test the packages together, Punchcard included."""
    install_editable(session, *PROJECTS, tests=True)
    places = ["tests-integration", "packages/twopi-flask-utils", "docs", "README.md"]
    session.run("pytest", *places, *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Run Punchcard; ``-- --once`` drives it through its own check and stops."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    install_editable(session, "twopi-demo")
    command = ["twopi-demo", *session.posargs]
    session.run(*command, interrupt_timeout=0.5, terminate_timeout=20.0)


@nox.session
def services(session: nox.Session) -> None:
    """Test against PostgreSQL, MariaDB, Redis and RabbitMQ; a missing one fails."""
    install_editable(session, *PROJECTS, tests=True)
    servers = {name: os.environ.get(name, url) for name, url in SERVERS.items()}
    command = ["pytest", "-m", "services", "packages", "tests-integration"]
    session.run(*command, *session.posargs, env=servers)


def build_site(session: nox.Session) -> str:
    """Build the documentation into dist/docs; a warning is an error."""
    site = str(ROOT / "dist" / "docs")
    strict = ["-W", "--keep-going", "-n", "-q", "-d", session.create_tmp()]
    session.run("sphinx-build", *strict, "docs", site)
    return site


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into dist/docs and check its names and links."""
    install_editable(session, *PROJECTS, tests=True)
    env = {"TWOPI_TEST_SITE": build_site(session)}
    session.run("pytest", "-m", "docs", "docs/tests", *session.posargs, env=env)


@nox.session
def browser(session: nox.Session) -> None:
    """Test what runs in a browser, in Chromium and Node.js; a missing one fails."""
    install_editable(session, *PROJECTS, tests=True)
    npm = ["npm", "install", "--silent", "--prefix", session.create_tmp()]
    session.run(*npm, "axe-core@4", "typescript@7", external=True)
    modules = Path(session.create_tmp(), "node_modules").resolve()
    env = {
        "TWOPI_TEST_AXE": str(modules / "axe-core" / "axe.min.js"),
        "TWOPI_TEST_TSC": str(modules / ".bin" / "tsc"),
        "TWOPI_TEST_SITE": build_site(session),
    }
    command = ["pytest", "-m", "browser", "packages", "tests-integration", "docs"]
    session.run(*command, *session.posargs, env=env)


@nox.session(python=PYTHONS, reuse_venv=False)
@nox.parametrize("versions", ["oldest", "newest"], ids=["oldest", "newest"])
@each_package
def matrix(session: nox.Session, package: str, versions: str) -> None:
    """Test each package with its oldest and newest dependencies on each Python."""
    run_alone(session, package, oldest=versions == "oldest")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure beside peers in one run: ``-- schemas [--quick]``."""
    install_editable(session, *PROJECTS)
    session.install("-r", "benchmarks/requirements.txt")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def suites(session: nox.Session) -> None:
    """Run the suites of marshmallow and eight libraries through install()."""
    run = str(ROOT / "tests-integration" / "suites" / "run.py")
    needs = subprocess.run(
        [sys.executable, run, "--requirements"],
        capture_output=True,
        text=True,
        check=True,
    )
    session.install(*needs.stdout.split(), "-e", str(ROOT / "packages/twopi-schemas"))
    session.run("python", run, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style; ``-- --fix`` repairs what it can."""
    session.install("ruff>=0.17,<0.18")
    fix = "--fix" in session.posargs
    session.run("ruff", "check", *(["--fix"] if fix else []), ".")
    session.run("ruff", "format", *([] if fix else ["--check"]), ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types: mypy --strict on all sources, pyright on the API's users."""
    install_editable(session, *PROJECTS, tests=True)
    tools = [
        "mypy>=2.4",
        "pyright[nodejs]>=1.1.414",
        "celery-types>=0.26",
        "types-Pygments",
    ]
    session.install(*tools, "nox>=2026.4")
    sources = [str(ROOT / "packages" / name / "src") for name in PROJECTS]
    session.run("mypy", "noxfile.py", *sources)
    session.run("pyright", *map(str, sorted(ROOT.glob("packages/*/typing_tests"))))


@nox.session
def build(session: nox.Session) -> None:
    """Build sdist and wheel of every package into dist/ and check them."""
    session.install("twine>=7", "check-wheel-contents>=0.6")
    dist = ROOT / "dist"
    for old in [*dist.glob("*.whl"), *dist.glob("*.tar.gz")]:
        old.unlink()
    for name in PROJECTS:
        build_into(session, name, dist)
        direct = wheel(session, name)
        through_sdist = dist / direct.name
        if digest(direct) != digest(through_sdist):
            session.error(f"{direct.name} differs when it is built from the sdist")
    files = [str(file) for file in sorted(dist.glob("twopi*"))]
    session.run("twine", "check", "--strict", *files)
    session.run("check-wheel-contents", *(f for f in files if f.endswith(".whl")))
    session.install("--no-deps", *(f for f in files if f.endswith(".whl")))


def digest(file: Path) -> str:
    """Return the SHA-256 of *file*."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


@nox.session
def release(session: nox.Session) -> None:
    """Check one package and tag it: ``-- twopi-release [--dry-run]``.

    Pushing the tag makes .github/workflows/release.yml publish the files.
    """
    package, *options = session.posargs or ["(none)"]
    if package not in PROJECTS or options not in ([], ["--dry-run"]):
        session.error(f"name one of {', '.join(PROJECTS)}, then --dry-run if you like")
    version = PROJECTS[package]["project"]["version"]
    changelog = (ROOT / "packages" / package / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"(?m)^## \[?([^]\s]+)", changelog)
    if newest is None or newest[1] != version:
        session.error(f"the newest entry of {package}/CHANGELOG.md is not {version}")
    folder = ROOT / "dist" / package
    shutil.rmtree(folder, ignore_errors=True)
    build_into(session, package, folder)
    session.install("twine>=7")
    files = [str(file) for file in sorted(folder.glob("twopi*"))]
    session.run("twine", "check", "--strict", *files)
    tag = f"{package}-{version}"
    if options:
        session.log(f"would tag {tag}")
        return
    if session.run("git", "status", "--porcelain", external=True, silent=True):
        session.error("commit or remove what `git status` shows, then release")
    session.run("git", "tag", "-a", tag, "-m", tag, external=True)
    session.log(f"now: git push origin {tag}")


@nox.session(venv_backend="none")
def new(session: nox.Session) -> None:
    """Add a package: ``-- twopi-widget "Widgets for Flask."``."""
    usage = r"(twopi(?:-[a-z][a-z0-9]*)+)\n([^\n\\\"]+)"
    arguments = re.fullmatch(usage, "\n".join(session.posargs))
    if arguments is None:
        session.error('usage: noxfile.py -s new -- twopi-widget "One sentence."')
    package, sentence = arguments.groups()
    if package in PROJECTS:
        session.error(f"packages/{package} is there already")
    module = package.replace("-", "_")
    model = ROOT / "packages" / "twopi-release"
    metadata = (model / "pyproject.toml").read_text("utf-8")
    metadata = metadata.replace("twopi-release", package)
    for pattern, text in [
        (r"(?m)^version = .*", 'version = "2.0.0"'),
        (r"(?m)^description = .*", f'description = "{sentence}"'),
        (r"(?m)^keywords = .*\n", ""),
        (r"(?ms)^\[project\.(optional-dependencies|entry-points).*?(?=^\[)", ""),
        (r"(?m)^test = .*", 'test = ["pytest>=8.3", "sybil>=9.0"]'),
    ]:
        metadata = re.sub(pattern, text, metadata)
    readme = f"# {package}\n\n{sentence}\n\n    pip install {package}\n\n"
    readme += f"```python\nimport {module}\n\nassert {module}.__all__ == []\n```\n"
    files = {
        "pyproject.toml": metadata,
        "LICENSE": (model / "LICENSE").read_text("utf-8"),
        "README.md": readme,
        "CHANGELOG.md": "# Changelog\n\n## 2.0.0\n\n### Added\n\n- First release.\n",
        f"src/{module}/__init__.py": f'"""{sentence}"""\n\n__all__: list[str] = []\n',
        f"src/{module}/py.typed": "",
        "tests/test_api.py": f"import {module}\n\n\ndef test_all():\n"
        f'    """`__all__` names what is importable."""\n'
        f"    assert {module}.__all__ == []\n",
    }
    for name, text in files.items():
        path = ROOT / "packages" / package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    session.log(f"packages/{package} is there; add it to twopi-flask-utils by hand")


def name_failures(file: Path) -> None:
    """Print the tests that failed in any session, the last lines of a run."""
    failed = list(dict.fromkeys(file.read_text(encoding="utf-8").splitlines()))
    file.unlink()
    if failed:
        shown = [*failed[:50], *(["..."] if len(failed) > 50 else [])]
        print(f"twopi: {len(failed)} failed:", *shown, sep="\n  ", file=sys.stderr)


if __name__ == "__main__":
    os.chdir(ROOT)
    if len(sys.argv) == 1:
        print(
            f"twopi: testing {len(PROJECTS)} packages, each alone from its wheel, then"
            " all together.\n"
            "twopi: this takes about 8 minutes, and some more the first time; what"
            " fails is listed at the end.",
            flush=True,
        )
    if "TWOPI_FAILURES" not in os.environ:  # conftest.py adds a line for each
        handle, name = tempfile.mkstemp(prefix="twopi-failures-")
        os.close(handle)
        os.environ["TWOPI_FAILURES"] = name
        atexit.register(name_failures, Path(name))
    nox.main()

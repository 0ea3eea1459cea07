"""Rules that hold across packages and that no package can test alone."""

import ast
import re
import subprocess
import sys

from packaging.requirements import Requirement

META = "twopi-flask-utils"
NOT_IN_META = {
    META,
    "twopi-demo",
    "twopi-openapi",
    "twopi-request-id",
    "twopi-schemas",
    "twopi-sphinx-themes",
}


def siblings(texts):
    needs = [Requirement(text) for text in texts]
    return {need.name: need for need in needs if need.name.startswith("twopi-")}


def declared(project):
    groups = [project["dependencies"]]
    groups += project.get("optional-dependencies", {}).values()
    return siblings(text for group in groups for text in group)


def test_the_meta_package_brings_every_package_of_1x(root, project):
    packages = {path.parent.name for path in root.glob("packages/*/pyproject.toml")}

    assert set(siblings(project(META)["dependencies"])) == packages - NOT_IN_META


def test_siblings_are_required_by_range(package, project):
    ranges = {str(need.specifier) for need in declared(project(package)).values()}

    assert ranges <= {"<3,>=2.0"}


def test_only_declared_siblings_are_imported(package, root, project):
    imports = set()
    for file in (root / "packages" / package / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imports.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Import):
                imports |= {alias.name.partition(".")[0] for alias in node.names}
    used = {name.replace("_", "-") for name in imports if name.startswith("twopi_")}

    assert used - {package} <= set(declared(project(package)))


def test_siblings_point_down(package, project):
    """No two packages need each other, directly or around a corner."""
    seen = set()
    open_ends = list(declared(project(package)))
    while open_ends:
        name = open_ends.pop()
        if name not in seen:
            seen.add(name)
            open_ends += declared(project(name))

    assert package not in seen


def test_the_licence_is_the_one_of_the_project(package, root):
    copy = (root / "packages" / package / "LICENSE").read_text("utf-8")

    assert copy == (root / "LICENSE").read_text("utf-8")


def test_the_newest_changelog_entry_is_the_version(package, root, project):
    changelog = (root / "packages" / package / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"(?m)^## \[?([^]\s]+)", changelog)

    assert newest[1] == project(package)["version"]


def test_a_package_has_its_parts(package, root, project):
    folder = root / "packages" / package
    source = folder / "src" / package.replace("-", "_")

    assert (source / "py.typed").is_file()
    readme = (folder / "README.md").read_text("utf-8").replace('"', "")
    assert f"pip install {package}" in readme
    assert project(package)["requires-python"] == ">=3.11"


def test_the_readme_names_every_package(package, root):
    assert f"packages/{package}" in (root / "README.md").read_text("utf-8")


ELSEWHERE = """
import os, runpy, signal, sys

independence = runpy.run_path("tests-integration/independence.py")
ours = [name for package in sys.argv[1:] for name in independence["modules"](package)]
for name in ours:
    __import__(name)  # with it come third parties, which ask for the platform
for name in [each for each in sys.modules if each.startswith("twopi_")]:
    del sys.modules[name]
for name in ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT", "SIGKILL"):
    delattr(signal, name)
for name in ("fork", "register_at_fork", "getuid", "geteuid", "killpg", "mkfifo"):
    delattr(os, name)
sys.modules |= dict.fromkeys(("fcntl", "grp", "pwd", "resource", "termios"))
for name in ours:
    __import__(name)
print(*ours)
"""


def test_every_module_imports_where_the_system_has_less(root, project):
    """Windows has no SIGHUP, no fork and no fcntl."""
    names = sorted(path.parent.name for path in root.glob("packages/*/pyproject.toml"))
    packages = [name.replace("-", "_") for name in names]

    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *packages],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert set(packages) <= set(done.stdout.split())

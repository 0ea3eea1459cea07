"""Which parts of the package may know which others."""

import ast
from pathlib import Path

import pytest

import twopi_token_auth

ROOT = Path(twopi_token_auth.__file__).parent


def imports(path):
    """Return the dotted names that a file imports, inside of functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("folder", ["jose", "sessions"])
def test_no_web_framework_is_needed_below(folder):
    """Keys, signatures and sessions know nothing of Flask and marshmallow."""
    files = list((ROOT / folder).rglob("*.py"))
    assert len(files) > 5
    above = ("app", "web", "tokens", "auth", "cli", "clients", "testing")
    forbidden = ["flask", "marshmallow", "werkzeug", "twopi_schemas"]
    forbidden += [f"twopi_token_auth.{name}" for name in above]

    for path in files:
        for name in imports(path):
            guilty = [each for each in forbidden if f"{name}.".startswith(f"{each}.")]
            assert not guilty, f"{path} imports {name}"


def test_modules_form_no_circle():
    """Each module can be imported first."""
    graph = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        graph[name] = imports(path)
    graph.pop("twopi_token_auth")  # the face imports them all
    done, path = set(), []

    def visit(name):
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name in graph and name not in done:
            path.append(name)
            for each in graph[name]:
                visit(each)
            path.pop()
            done.add(name)

    for name in graph:
        visit(name)
    assert len(done) > 40

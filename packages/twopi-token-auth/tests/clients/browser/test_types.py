"""The types of the module, as a program in TypeScript sees them."""

import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

JS = files("twopi_token_auth") / "web" / "js"
PROGRAM = Path(__file__).parent / "program.mts"


@pytest.mark.browser
def test_right_uses_compile_and_wrong_ones_do_not(tmp_path):
    """What is wrong in the program is marked; a mark without an error is one itself."""
    for source in (PROGRAM, JS / "token-auth.mjs", JS / "token-auth.d.mts"):
        shutil.copy(source, tmp_path)
    options = "--noEmit --strict --target es2022 --module nodenext --lib es2022,dom"

    result = subprocess.run(
        [os.environ["TWOPI_TEST_TSC"], *options.split(), PROGRAM.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == 0, result.stdout

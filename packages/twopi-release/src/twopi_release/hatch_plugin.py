"""A build hook for hatchling that stamps the release into wheels and sdists.

.. code-block:: toml

    [build-system]
    requires = ["hatchling", "twopi-release[hatch]"]
    build-backend = "hatchling.build"

    [tool.hatch.build.hooks.twopi-release]
    path = "acme/version.txt"

*path* is the file's place in the wheel; the default is ``version.txt`` in the package
named as the project. *match* are patterns of the tags that count; by default those of
another project in the same repository do not. The source tree is not changed. Where
hatch-vcs makes the version, that is the release, so that the two are the same.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from twopi_release.file import read_text
from twopi_release.stamping import chosen, current, stamp

IN_SDIST = "version.txt"


class StampHook(BuildHookInterface[Any]):
    """Put a ``version.txt`` into what is built.

    An sdist carries it too, so that the wheel built from it, where there is no
    git, has the same release.
    """

    PLUGIN_NAME = "twopi-release"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file, except to an editable install, which runs the source tree.

        Raises:
            ValueError: The option *path* or *match* cannot be used.
        """
        if version == "editable" or self.target_name not in {"sdist", "wheel"}:
            return
        package = self.metadata.name.replace("-", "_")
        place = self.config.get("path", f"{package}/version.txt")
        if not isinstance(place, str) or not place:
            raise ValueError(
                "tool.hatch.build.hooks.twopi-release.path must be the file's place "
                'in the wheel, for example "acme/version.txt"'
            )
        self._folder = TemporaryDirectory(prefix="twopi-release-")
        file = Path(self._folder.name, "version.txt")
        stamp(file, self._release())
        target = IN_SDIST if self.target_name == "sdist" else place
        build_data["force_include"][str(file)] = target

    def finalize(
        self,
        version: str,  # noqa: ARG002
        build_data: dict[str, Any],  # noqa: ARG002
        artifact_path: str,  # noqa: ARG002
    ) -> None:
        """Remove the temporary file."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()

    def _release(self) -> str:
        """Return the sdist's release, else git's or the host's, else the version."""
        root, version = Path(self.root), self.metadata.version
        if (root / "PKG-INFO").exists():  # an unpacked sdist
            return read_text(root / IN_SDIST) or version
        if self.metadata.hatch.config.get("version", {}).get("source") == "vcs":
            return chosen() or version
        match = self.config.get("match")
        if match is not None and not _are_patterns(match):
            raise ValueError(
                "tool.hatch.build.hooks.twopi-release.match must be a pattern of tags, "
                'or a list of them, for example "acme-*"'
            )
        release, problem = current(root, match=match, name=self.metadata.name)
        if problem:
            instead = release or version
            self.app.display_warning(f"twopi-release: {problem}; it is {instead}")
        return release or version


def _are_patterns(value: object) -> bool:
    patterns = value if isinstance(value, list) else [value]
    return bool(patterns) and all(isinstance(it, str) and it for it in patterns)


@hookimpl
def hatch_register_build_hook() -> type[StampHook]:
    """Tell hatchling of the hook."""
    return StampHook

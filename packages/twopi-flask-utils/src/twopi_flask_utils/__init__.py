"""Everything for production Flask APIs, under the import paths of 1.x.

Each module has the documented names of 1.x: those of one package, with the behaviour
of 1.x where the package decides otherwise. New names live in the packages themselves:
`twopi_token_auth`, `twopi_pagination` and so on. Importing `twopi_flask_utils` itself
imports none of them.
"""

__all__: list[str] = []

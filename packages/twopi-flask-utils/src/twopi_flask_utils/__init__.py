"""Everything for production Flask APIs, under the import paths of 1.x.

Each module re-exports the documented 1.x names of one package. New names live in the
packages themselves: `twopi_token_auth`, `twopi_pagination` and so on. Importing
`twopi_flask_utils` itself imports none of them.
"""

__all__: list[str] = []

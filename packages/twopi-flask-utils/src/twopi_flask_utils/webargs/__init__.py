"""Request arguments with one error shape: the 1.x path of `twopi_webargs`.

Here a parser searches the query, the form and the JSON body for each argument, ignores
names it does not know, and answers ``{name: [...]}``, as 1.x did.

>>> from flask import Flask, jsonify
>>> from marshmallow import fields
>>> from twopi_flask_utils.webargs import (
...     ValidationError,
...     handle_validation_error,
...     use_args,
... )
>>> app = Flask(__name__)
>>> handler = app.errorhandler(ValidationError)(handle_validation_error)
>>> @app.route("/rooms", methods=["GET", "POST"])
... @use_args({"floor": fields.Integer(required=True)})
... def rooms(args):
...     return jsonify(args)
>>> client = app.test_client()
>>> client.get("/rooms?floor=3").json, client.post("/rooms", json={"floor": 4}).json
({'floor': 3}, {'floor': 4})
>>> client.get("/rooms?floor=top").json
{'floor': ['Not a valid integer.']}
"""

from webargs.flaskparser import FlaskParser  # noqa: F401  importable here in 1.x

from twopi_flask_utils.webargs.errors import (
    ValidationError,  # noqa: F401
    handle_validation_error,
)
from twopi_flask_utils.webargs.request_parser import (
    BetterFlaskParser,
    parser,
    use_args,
    use_kwargs,
)

__all__ = [
    "BetterFlaskParser",
    "handle_validation_error",
    "parser",
    "use_args",
    "use_kwargs",
]

"""Parse request arguments with webargs; answer alike in views and Resources.

>>> from flask import Flask
>>> from marshmallow import fields
>>> import twopi_webargs
>>> from twopi_webargs import use_kwargs
>>> app = Flask(__name__)
>>> twopi_webargs.init_app(app)
>>> @app.get("/rooms")
... @use_kwargs({"floor": fields.Integer(required=True)}, location="query")
... def list_rooms(floor):
...     return [f"{floor}01", f"{floor}02"]
>>> client = app.test_client()
>>> client.get("/rooms?floor=3").json
['301', '302']
>>> client.get("/rooms?floor=top").json
{'query': {'floor': ['Not a valid integer.']}}
"""

from twopi_webargs.errors import RequestValidationError
from twopi_webargs.handlers import handle_validation_error, init_app
from twopi_webargs.parser import (
    BetterFlaskParser,
    parser,
    use_args,
    use_kwargs,
    use_request,
)
from twopi_webargs.pointers import error_pointers

__all__ = [
    "BetterFlaskParser",
    "RequestValidationError",
    "error_pointers",
    "handle_validation_error",
    "init_app",
    "parser",
    "use_args",
    "use_kwargs",
    "use_request",
]

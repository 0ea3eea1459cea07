"""Answer every error of a Flask API with the same JSON, in flask-restful too.

>>> from flask import Flask, abort
>>> import twopi_restful
>>> app = Flask(__name__)
>>> twopi_restful.init_app(app)
>>> @app.get("/tea")
... def make_tea():
...     abort(503, "The kettle is cold.")
>>> app.test_client().get("/tea").json
{'_errors': ['The kettle is cold.']}
"""

from twopi_restful.body import ExpectedJSONException, get_and_expect_json
from twopi_restful.database import answer_database_errors
from twopi_restful.output import format_error, format_errors, output_json
from twopi_restful.problem import Problem
from twopi_restful.providers import JSONProvider, OrjsonProvider
from twopi_restful.views import json_view
from twopi_restful.wiring import init_app

__all__ = [
    "ExpectedJSONException",
    "JSONProvider",
    "OrjsonProvider",
    "Problem",
    "answer_database_errors",
    "format_error",
    "format_errors",
    "get_and_expect_json",
    "init_app",
    "json_view",
    "output_json",
]

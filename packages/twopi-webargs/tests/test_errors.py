import copy
import pickle
from collections import UserString

import pytest
from flask import Flask, Response
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from twopi_webargs import RequestValidationError


@pytest.fixture(autouse=True)
def app():
    app = Flask(__name__)
    with app.app_context():
        yield app


def test_facts():
    headers = {"Retry-After": "3"}
    error = RequestValidationError(
        {"name": ["Taken."]}, location="query", status_code=409, headers=headers
    )

    assert isinstance(error, ValidationError)
    assert isinstance(error, HTTPException)
    assert error.messages == error.messages_dict == {"query": {"name": ["Taken."]}}
    assert error.by_location() == error.messages
    assert (error.location, error.status_code, error.code) == ("query", 409, 409)
    assert error.headers == headers
    assert error.data is error.valid_data is error.response is None
    assert error.description == "Arguments of the request are not valid."
    assert str(error) == "409 Conflict: {'query': {'name': ['Taken.']}}"


@pytest.mark.parametrize("messages", ["Taken.", ["Taken."], {"_schema": ["Taken."]}])
def test_messages_of_no_argument(messages):
    error = RequestValidationError(messages)

    assert error.messages == {"json": {"_schema": ["Taken."]}}
    assert (error.location, error.status_code, error.headers) == ("json", 422, None)


def test_messages_of_one_argument():
    assert RequestValidationError("Taken.", "name").messages == {
        "json": {"name": ["Taken."]}
    }


@pytest.mark.parametrize(
    "duplicate", [copy.copy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_copies(duplicate):
    error = RequestValidationError({"a": ["b"]}, location="form", status_code=400)
    same = duplicate(error)

    assert same.messages == error.messages
    assert (same.location, same.status_code) == ("form", 400)


def test_response():
    response = RequestValidationError("a", headers={"Retry-After": "3"}).get_response()

    assert response.status_code == 422
    assert response.headers["Retry-After"] == "3"
    assert response.json == {"json": {"_schema": ["a"]}}


def test_given_response():
    error = RequestValidationError("a")
    error.response = Response("mine")

    assert error.get_response() is error.response


def test_names_are_texts_beside_numbers_and_texts_are_not_lazy():
    messages = {0: {"n": [UserString("bad")]}, "_schema": [{"code": 7, "fatal": True}]}
    response = RequestValidationError(messages).get_response()

    assert response.json == {
        "json": {"0": {"n": ["bad"]}, "_schema": [{"code": 7, "fatal": True}]}
    }

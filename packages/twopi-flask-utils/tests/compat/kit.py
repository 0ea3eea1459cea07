"""What the facts share. All of this runs on Python 3.7 with 1.1.11, too."""

import json

FACTS = {}


def fact(name):
    """Keep what the decorated function returns, or raises, as a fact."""

    def keep(function):
        key = "{}: {}".format(function.__module__.rpartition("facts_")[2], name)
        assert key not in FACTS, key
        FACTS[key] = function
        return function

    return keep


def outcome(function):
    """Return what *function* does as JSON; of an exception only its class counts."""
    try:
        found = function()
    except Exception as error:  # noqa: BLE001
        return {"raises": type(error).__name__}
    return json.loads(json.dumps(found, default=str))


def answer(response):
    """Return the status and the JSON of a response, or its mimetype."""
    text = response.get_data(as_text=True)
    try:
        body = json.loads(text)
    except ValueError:
        body = response.mimetype if text else ""
    return [response.status_code, body]

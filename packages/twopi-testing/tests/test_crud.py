from itertools import product

import pytest
from flask import Flask, jsonify, request

from twopi_testing import check_crud

FLAGS = ["create", "delete", "update", "read"]
COMBINATIONS = [*product([True, False], repeat=4)]
FIRST = {"name": "a", "tags": ("x", "y")}
SECOND = {"name": "b"}


@pytest.mark.parametrize("envelope", [False, True], ids=["list", "envelope"])
@pytest.mark.parametrize("keys", [(), ("name",)], ids=["unchecked", "checked"])
@pytest.mark.parametrize("rows", [(), ("old", "older")], ids=["empty", "filled"])
@pytest.mark.parametrize("flags", COMBINATIONS, ids=str)
def test_every_combination_passes_on_a_correct_app(things, flags, rows, keys, envelope):
    client = things(rows, envelope=envelope).app.test_client()

    check_crud(
        client,
        "/things",
        FIRST,
        SECOND,
        check_keys=keys,
        keys_from_prev=["serial"] if rows else (),
        initial_count=len(rows),
        **dict(zip(FLAGS, flags, strict=True)),
    )

    create, delete, *_ = flags
    body = client.get("/things").json
    left = body["items"] if envelope else body
    assert len(left) == len(rows) + (create and not delete)
    assert [row["name"] for row in left[: len(rows)]] == [*rows]


FAULTS = [
    # the fault, the flags that have to find it, what the message says
    ("create 500", {"create"}, "POST /things answered 500 INTERNAL SERVER ERROR"),
    ("create html", {"create"}, "expected a JSON body\nPOST /things answered 201"),
    ("create list", {"create"}, "expected a JSON object\nPOST /things answered 201"),
    ("forgets", {"create", "read"}, "expected 3 objects in the list, found 2"),
    ("id", {"create"}, "the answer has no 'id'\nPOST /things answered 201"),
    ("twice", {"create", "read"}, "expected 3 objects in the list, found 4"),
    ("renames", {"create"}, "'name' is 'wrong', expected 'a'\nPOST /things"),
    ("name", {"create"}, "'name' is missing, expected 'a'\nPOST /things"),
    ("hides", {"read"}, "expected 2 objects in the list, found 0\nGET /things"),
    ("swaps", {"create", "read"}, "the list lacks the object with id 3"),
    ("other", {"read"}, "expected the object with id"),
    ("update 403", {"update"}, '403 FORBIDDEN: {"_errors":["read only"]}'),
    ("ignores", {"update", "read"}, "expected 'b'\nGET /things/"),
    ("echoes", {"update"}, "'name' is 'echo', expected 'b'\nPUT /things/"),
    ("reissues", {"update", "read"}, "'serial' is 'other', expected 's1'\nGET"),
    ("duplicates", {"update", "read"}, "objects in the list, found"),
    ("keeps", {"delete", "read"}, "expected status 404 or 410\nGET /things/"),
    ("delete 500", {"delete"}, "expected status 200 or 202 or 204\nDELETE /things/"),
    ("delete all", {"delete", "read"}, "objects in the list, found 0"),
]


@pytest.mark.parametrize(
    ("fault", "flags", "message"),
    [
        (fault, flags, message if sum(flags) == len(needed) else "/things")
        for fault, needed, message in FAULTS
        for flags in COMBINATIONS
        if all(on for flag, on in zip(FLAGS, flags, strict=True) if flag in needed)
    ],
)
def test_every_combination_that_looks_finds_the_fault(things, fault, flags, message):
    api = things(["old", "older"])
    api.broken.add(fault)

    with pytest.raises(AssertionError) as failure:
        check_crud(
            api.app.test_client(),
            "/things",
            FIRST,
            SECOND,
            check_keys=["name"],
            keys_from_prev=["serial"],
            initial_count=2,
            existing=None if flags[0] else 1,
            **dict(zip(FLAGS, flags, strict=True)),
        )

    assert message in str(failure.value)
    assert len(str(failure.value)) < 1200


def test_a_long_body_is_cut(things):
    api = things()
    api.broken.add("create 500")

    with pytest.raises(AssertionError, match=r"x\.\.\. \(5013 characters\)$"):
        check_crud(api.app.test_client(), "/things", FIRST)


def test_an_empty_body_is_named(things):
    api = things(["old"])
    api.broken.add("delete 500")

    with pytest.raises(AssertionError, match=r"SERVER ERROR: \(empty body\)$"):
        check_crud(api.app.test_client(), "/things", FIRST, initial_count=1)


REQUESTS = [
    ("create, update, delete and read", "L POST L GET PUT GET DELETE GET L"),
    ("update, delete and read", "L L L"),
    ("create, delete and read", "L POST L GET GET DELETE GET L"),
    ("create, update and read", "L POST L GET PUT GET L"),
    ("create, update and delete", "POST PUT DELETE"),
    ("update and delete", ""),
    ("read", "L L L"),
]


@pytest.mark.parametrize(("chosen", "expected"), REQUESTS)
def test_the_requests_are_those_that_the_flags_ask_for(things, chosen, expected):
    api, seen = things(["old"]), []

    @api.app.before_request
    def remember():
        listed = (request.method, request.path) == ("GET", "/things")
        seen.append("L" if listed else request.method)

    flags = {flag: flag in chosen for flag in FLAGS}
    check_crud(
        api.app.test_client(), "/things", FIRST, SECOND, initial_count=1, **flags
    )

    assert seen == expected.split()
    assert api.stored[1]["name"] == "old"


def test_an_existing_object_is_updated_and_deleted_if_it_is_named(things):
    client = things(["old", "older"]).app.test_client()
    options = {"create": False, "existing": 2, "initial_count": 2}

    check_crud(client, "/things", data_2=SECOND, check_keys=["name"], **options)

    assert [row["id"] for row in client.get("/things").json] == [1]
    with pytest.raises(ValueError, match="existing names an object that is not"):
        check_crud(client, "/things", existing=1)


def test_responses_may_omit_fields_if_they_are_said_to_be_partial(things):
    api, shown = things(), []
    app = Flask(__name__)

    @app.route("/things", methods=["GET", "POST"])
    def many():
        if request.method == "POST":
            return {"id": api.add(request.json)["id"]}, 201
        return [{"id": key} for key in api.stored]

    @app.route("/things/<int:key>", methods=["GET", "PUT", "DELETE"])
    def one(key):
        if request.method == "PUT":
            api.stored[key] |= request.json
            return {"status": "ok"}
        if request.method == "DELETE":
            return api.stored.pop(key)
        shown.append(key)
        return api.stored.get(key) or ("", 404)

    arguments = app.test_client(), "/things", FIRST, SECOND
    options = {"check_keys": ["name"], "keys_from_prev": ["serial"]}
    check_crud(*arguments, partial_answers=True, **options)
    assert shown == [1, 1, 1]
    with pytest.raises(AssertionError, match="'name' is missing, expected 'a'\nPOST"):
        check_crud(*arguments, **options)


def test_the_update_sends_data_1_again_if_there_is_no_data_2(things):
    client = things().app.test_client()

    check_crud(client, "/things", FIRST, check_keys=["name", "tags"], delete=False)

    assert client.get("/things/1").json["name"] == "a"


def test_arguments_are_taken_by_position_as_ever(things):
    check_crud(
        things(["old"]).app.test_client(),
        *("/things", FIRST, SECOND, "id", ["name"], ["serial"]),
        *(True, True, True, True, 1),
    )


def test_statuses_can_be_replaced(things):
    api = things()
    api.broken.add("delete 500")

    check_crud(api.app.test_client(), "/things", FIRST, statuses={"delete": {500}})
    with pytest.raises(AssertionError, match="expected status 202\nPOST /things"):
        check_crud(api.app.test_client(), "/things", FIRST, statuses={"create": 202})


def test_a_misspelt_step_is_refused(things):
    with pytest.raises(ValueError, match="no step 'creat'; statuses may name"):
        check_crud(
            things().app.test_client(), "/things", FIRST, statuses={"creat": 202}
        )


def test_check_keys_may_be_shared_with_other_endpoints(things):
    client = things().app.test_client()

    check_crud(client, "/things", FIRST, SECOND, check_keys=("name", "of others"))
    check_crud(client, "/things", FIRST, SECOND, check_keys="name")


def test_a_field_that_was_not_sent_must_not_come_back(things):
    client = things().app.test_client()

    with pytest.raises(AssertionError, match="'serial' is 's1', but was not sent"):
        check_crud(client, "/things", FIRST, check_keys=["name", "serial"])


@pytest.mark.parametrize("kind", [int, str])
def test_a_key_may_be_a_number_here_and_a_string_there(things, kind):
    api = things()
    api.shown = lambda row: {**row, "id": kind(row["id"])}
    api.app.view_functions["show"] = lambda key: (
        {**api.stored[key], "id": str(key)} if key in api.stored else ("", 404)
    )

    check_crud(api.app.test_client(), "/things", FIRST)


def test_arguments_are_not_changed(things):
    first, second, keys, previous = dict(FIRST), dict(SECOND), ["name"], ["serial"]

    check_crud(
        things().app.test_client(), "/things", first, second, "id", keys, previous
    )

    assert (first, second) == (FIRST, SECOND)
    assert (keys, previous) == (["name"], ["serial"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"things": []}, 'expected a list, or an object with a list in "items"'),
        ({"items": None}, 'expected a list, or an object with a list in "items"'),
        ("text", 'expected a list, or an object with a list in "items"'),
        ({"items": [1, 2], "totalItems": 1}, '"totalItems" is 1, but 2 are listed'),
        ({"items": [], "totalItems": "0"}, "\"totalItems\" is '0', but 0 are listed"),
    ],
)
def test_what_is_no_list(body, message):
    app = Flask(__name__)
    app.add_url_rule("/things", view_func=lambda: jsonify(body))

    with pytest.raises(AssertionError) as failure:
        check_crud(app.test_client(), "/things", create=False)

    assert message in str(failure.value)


def test_total_items_counts_the_pages_that_are_not_shown():
    app = Flask(__name__)
    page = {"items": [{"id": 1}], "totalItems": 50}
    app.add_url_rule("/things", view_func=lambda: page)

    check_crud(
        app.test_client(),
        "/things",
        create=False,
        update=False,
        delete=False,
        initial_count=50,
    )


@pytest.mark.parametrize(
    "page",
    [
        {"items": [{"id": 1}], "next": "c", "prev": None},
        {"items": [{"id": 1}], "totalItems": None, "hasMore": True},
        {
            "items": [{"id": 1}],
            "totalItems": 9,
            "totalItemsExact": False,
            "hasMore": True,
        },
    ],
)
def test_pages_that_do_not_say_how_many_there_are_in_all(page):
    """What is gone must not be listed; how many are left, nobody knows."""
    app = Flask(__name__)
    gone = []
    app.add_url_rule("/things", view_func=lambda: page)

    @app.get("/things/<int:key>")
    def show(key):
        return ("", 404) if key in gone else {"id": key}

    @app.delete("/things/<int:key>")
    def remove(key):
        gone.append(key)
        return ""

    options = {"create": False, "update": False, "initial_count": 50}
    check_crud(app.test_client(), "/things", existing=7, **options)
    gone.clear()
    with pytest.raises(AssertionError, match="the list has the deleted object with id"):
        check_crud(app.test_client(), "/things", existing=1, **options)


def test_a_last_page_without_a_total_is_counted():
    app = Flask(__name__)
    page = {"items": [{"id": 1}], "next": None, "prev": None}
    app.add_url_rule("/things", view_func=lambda: page)
    options = {"create": False, "update": False, "delete": False}

    check_crud(app.test_client(), "/things", initial_count=1, **options)
    with pytest.raises(AssertionError, match="expected 2 objects in the list, found 1"):
        check_crud(app.test_client(), "/things", initial_count=2, **options)


def test_an_endpoint_with_a_slash_a_query_and_textual_keys():
    app = Flask(__name__)
    stored = {}

    @app.before_request
    def require_tenant():
        assert request.args["tenant"] == "7"

    @app.route("/things/", methods=["GET", "POST"])
    def many():
        if request.method == "POST":
            stored[request.json["slug"]] = request.json
            return request.json
        return jsonify([*stored.values()])

    @app.route("/things/<slug>", methods=["GET", "PUT", "DELETE"])
    def one(slug):
        if slug not in stored:
            return "", 410
        if request.method == "DELETE":
            return stored.pop(slug), 202
        return stored[slug] | (request.get_json(silent=True) or {})

    check_crud(app.test_client(), "/things/?tenant=7", {"slug": "ä b?#%"}, key="slug")


def test_an_undecodable_body_is_shown():
    app = Flask(__name__)
    app.add_url_rule("/things", view_func=lambda: (b"\xff\xfe", 500))

    with pytest.raises(AssertionError, match="500 INTERNAL SERVER ERROR: ��"):
        check_crud(app.test_client(), "/things")

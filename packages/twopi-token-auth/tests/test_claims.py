import pytest

from twopi_token_auth import TokenError
from twopi_token_auth.jose.claims import check_claims


def refusal(claims, **expected):
    with pytest.raises(TokenError) as caught:
        check_claims(claims, now=1000.5, **expected)
    return caught.value.code


def test_nothing_is_asked_for_by_default():
    check_claims({}, now=0)


@pytest.mark.parametrize("exp", [1001, 1001.0, 1e30, 10**400])
def test_not_expired(exp):
    check_claims({"exp": exp}, now=1000.5)


@pytest.mark.parametrize("exp", [1000, 1000.9, 0, -1, -1e20, -(10**400)])
def test_expired(exp):
    assert refusal({"exp": exp}) == "expired"


@pytest.mark.parametrize("name", ["iat", "nbf"])
@pytest.mark.parametrize("value", [1000, 1000.9, 0, -1e300])
def test_begun(name, value):
    check_claims({name: value}, now=1000.5)


@pytest.mark.parametrize(("name", "ahead"), [("iat", 60), ("nbf", 5)])
@pytest.mark.parametrize("leeway", [0, 4, 5, 30, 60, 90, 300])
def test_a_beginning_may_be_a_little_ahead(name, ahead, leeway):
    ahead = max(ahead, leeway)

    check_claims({name: 1000 + ahead}, now=1000.5, leeway=leeway)
    assert refusal({name: 1001 + ahead}, leeway=leeway) == "not_yet_valid"


@pytest.mark.parametrize("name", ["iat", "nbf"])
@pytest.mark.parametrize("value", [1061, 1061.5, 1e30, 10**400])
def test_not_begun(name, value):
    assert refusal({name: value}) == "not_yet_valid"
    assert refusal({name: value, "exp": value}) == "not_yet_valid"


def test_of_two_beginnings_the_later_one_counts():
    check_claims({"iat": 1060, "nbf": 1005}, now=1000.5)
    assert refusal({"iat": 1060, "nbf": 1006}) == "not_yet_valid"
    assert refusal({"iat": 1061, "nbf": 1005}) == "not_yet_valid"


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "value",
    [
        *[None, "1", "2000", "", True, False, [], {}, [2000]],
        *[float("nan"), float("inf"), float("-inf")],
    ],
)
def test_a_date_is_a_finite_number(name, value):
    assert refusal({name: value}) == "claims"


def test_leeway_widens_both_ends():
    claims = {"exp": 936, "nbf": 1065, "iat": 1065}

    check_claims(claims, now=1000.5, leeway=65)
    assert refusal(claims, leeway=64) == "not_yet_valid"
    assert refusal({"exp": 936}, leeway=64) == "expired"


@pytest.mark.parametrize("issuer", [None, "", "me ", "Me", 5, ["me"], {"me": 1}])
def test_another_issuer(issuer):
    assert refusal({"iss": issuer}, issuers=("me", "you")) == "issuer"


def test_no_issuer():
    assert refusal({}, issuers=("me",)) == "issuer"
    assert refusal({"iss": "me"}, issuers=()) == "issuer"


@pytest.mark.parametrize("issuer", ["me", "you"])
def test_one_of_several_issuers(issuer):
    check_claims({"iss": issuer}, now=0, issuers=("me", "you"))


@pytest.mark.parametrize("audience", ["api", ["api"], ["web", "api"], ["api", "api"]])
def test_our_audience(audience):
    check_claims({"aud": audience}, now=0, audiences=("api", "admin"))


@pytest.mark.parametrize(
    "audience",
    [None, "", [], "web", ["web"], "ap", 5, True, {"api": 1}, ["api", 5], [["api"]]],
)
def test_another_audience(audience):
    assert refusal({"aud": audience}, audiences=("api", "admin")) == "audience"


def test_no_audience_where_one_is_expected():
    assert refusal({}, audiences=("api",)) == "audience"
    assert refusal({"aud": "api"}, audiences=()) == "audience"
    assert refusal({"aud": ""}, audiences=("",)) == "audience"


@pytest.mark.parametrize("audience", ["api", ["api"], 5, {"a": 1}])
def test_an_audience_where_none_is_expected(audience):
    assert refusal({"aud": audience}) == "audience"


@pytest.mark.parametrize("name", ["sub", "jti"])
@pytest.mark.parametrize("value", [None, 5, True, ["a"], {}])
def test_names_are_texts(name, value):
    assert refusal({name: value}) == "claims"


def test_required_claims():
    check_claims({"exp": 2000, "uid": ""}, now=0, require=("exp", "uid"))
    assert refusal({"exp": None}, require=("exp",)) == "missing_claim"
    assert refusal({"exp": 2000}, require=("exp", "uid")) == "missing_claim"

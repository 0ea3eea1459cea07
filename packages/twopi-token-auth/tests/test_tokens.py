import json
import logging
import threading
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from marshmallow import (
    EXCLUDE,
    INCLUDE,
    RAISE,
    Schema,
    ValidationError,
    fields,
    post_load,
)

from twopi_token_auth import ConfigurationError, ShortlivedTokenMixin, TokenError

HEADER = {"alg": "HS256", "typ": "JWT"}


def claims_of(token):
    payload = token.split(".")[1]
    return json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def code_of(token_class, token, *args, **kwargs):
    with pytest.raises(TokenError) as caught:
        token_class.verify(token, *args, **kwargs)
    return caught.value.code


def test_all_six_arguments_come_back(secret, clock):
    token = ShortlivedTokenMixin(
        clock.date(60), "me", "ada", "api", clock.date(-60), clock.date(-30)
    )

    loaded = ShortlivedTokenMixin.load(token.dump(secret), secret, "me", "api")

    assert loaded.expiry == clock.date(60)
    assert (loaded.issuer, loaded.subject, loaded.audience) == ("me", "ada", "api")
    assert loaded.not_before == clock.date(-60)
    assert loaded.issued_at == clock.date() == token.issued_at
    assert loaded.expiry.tzinfo is UTC


def test_arguments_by_name(clock):
    token = ShortlivedTokenMixin(
        expiry=clock.date(),
        issuer="i",
        subject="s",
        audience=["a"],
        not_before=clock.date(1),
        issued_at=clock.date(2),
    )

    assert vars(token) == {
        "expiry": clock.date(),
        "issuer": "i",
        "subject": "s",
        "audience": ["a"],
        "not_before": clock.date(1),
        "issued_at": clock.date(2),
    }


def test_claims_that_are_none_are_left_out(secret, clock):
    assert claims_of(ShortlivedTokenMixin().dump(secret)) == {"iat": clock.now}


def test_only_skippable_claims_are_left_out(token_class, secret, clock):
    token = token_class(None, scopes=None).dump(secret)

    assert claims_of(token) == {"iat": clock.now, "uid": None, "scopes": None}


def test_a_subclass_can_make_more_claims_skippable(token_class, secret, clock):
    class Relaxed(token_class):
        class TokenSchema(token_class.TokenSchema):
            SKIPPABLE = [*token_class.TokenSchema.SKIPPABLE, "uid"]  # noqa: RUF012

    assert claims_of(Relaxed(None).dump(secret)) == {"iat": clock.now, "scopes": []}


def test_a_schema_of_ones_own_needs_no_base(secret):
    class Plain(ShortlivedTokenMixin):
        class TokenSchema(Schema):
            sub = fields.String(attribute="subject")

    token = Plain(subject="ada").dump(secret)

    assert claims_of(token) == {"sub": "ada"}
    assert Plain.load(token, secret).subject == "ada"


def test_issued_at_is_overwritten_by_dump(token_class, secret, clock):
    token = token_class("ada", issued_at=clock.date(-999))
    clock.now += 0.999

    assert claims_of(token.dump(secret))["iat"] == int(clock.now)
    assert token_class.load(token.dump(secret), secret)


def test_names_are_dumped_as_text(secret, clock):
    token = ShortlivedTokenMixin(subject=5, issuer=6, audience=7).dump(secret)

    assert claims_of(token) == {"sub": "5", "iss": "6", "aud": "7", "iat": clock.now}


def test_a_date_without_a_time_zone_is_named(token_class, secret):
    naive = datetime.now()  # noqa: DTZ005

    with pytest.raises(ValueError, match=r"^expiry "):
        token_class("ada", expiry=naive).dump(secret)
    with pytest.raises(ValueError, match=r"^not_before "):
        token_class("ada", not_before=naive).dump(secret)


@pytest.mark.parametrize("claim", ["iss", "sub", "jti"])
def test_a_claim_nobody_would_accept_is_refused_by_dump(claim, secret):
    schema = Schema.from_dict({claim: fields.Integer(attribute="subject")})

    class Numbered(ShortlivedTokenMixin):
        TokenSchema = schema

    with pytest.raises(TypeError, match=claim):
        Numbered(subject=5).dump(secret)


def test_a_token_nobody_would_accept_is_refused_by_dump(token_class, context):
    with pytest.raises(ValueError, match="TOKEN_AUTH_MAX_LENGTH"):
        token_class("x" * 16384).dump()
    context.config["TOKEN_AUTH_MAX_LENGTH"] = 100_000

    assert len(token_class.load(token_class("x" * 16384).dump()).user_id) == 16384


def test_pyjwt_reads_our_tokens(token_class, secret):
    expiry = datetime.now(UTC) + timedelta(hours=1)

    claims = jwt.decode(
        token_class("ada", expiry=expiry).dump(secret), secret, ["HS256"]
    )

    assert (claims["uid"], claims["exp"]) == ("ada", int(expiry.timestamp()))


def test_extra_claims_are_ignored(token_class, forge, secret):
    token = forge(HEADER, {"uid": "ada", "jti": "1", "more": {"a": [1]}})

    assert token_class.load(token, secret).user_id == "ada"


@pytest.mark.parametrize("unknown", [RAISE, INCLUDE, EXCLUDE])
def test_extra_claims_are_ignored_whatever_the_schema_says(
    token_class, forge, secret, unknown
):
    class Strict(token_class):
        class TokenSchema(token_class.TokenSchema):
            class Meta:
                unknown = RAISE

    Strict.TokenSchema.Meta.unknown = unknown

    assert (
        Strict.load(forge(HEADER, {"uid": "ada", "jti": "1"}), secret).user_id == "ada"
    )


@pytest.mark.parametrize(
    "payload",
    [
        *[{}, {"uid": 5}, {"uid": None}, {"uid": "a", "scopes": "a"}],
        *[{"uid": "a", "scopes": [1]}, {"uid": "a", "iss": 5}, {"uid": "a", "sub": 5}],
        *[{"uid": "a", "exp": "1895361620"}, {"uid": "a", "exp": True}],
        *[{"uid": "a", "exp": 1e30}, {"uid": "a", "exp": 253402300800}],
        *[{"uid": "a", "nbf": -1e20}, {"uid": "a", "iat": -(10**300)}],
        *[{"uid": "a", "jti": None}, {"uid": "a", "aud": None}],
    ],
)
def test_claims_of_a_wrong_shape(token_class, forge, secret, payload):
    token = forge(HEADER, payload)

    assert token_class.load(token, secret) is None
    assert code_of(token_class, token, secret) == "claims"


def test_a_date_beyond_all_floats(token_class, forge, secret):
    assert token_class.load(forge(HEADER, b'{"uid":"a","exp":1e400}'), secret) is None


@pytest.mark.parametrize(
    "token",
    [None, b"a.b.c", 5, [], {}, object(), "", "a.b.c", "\ud800", "x" * 3_000_000],
    ids=lambda token: repr(token)[:20],
)
def test_load_says_none_to_anything(token_class, secret, token):
    assert token_class.load(token, secret) is None
    assert code_of(token_class, token, secret) == "malformed"


def test_expiry_to_the_second(token_class, secret, clock):
    token = token_class("ada", expiry=clock.date(10)).dump(secret)

    clock.now += 9.999
    assert token_class.load(token, secret)
    clock.now += 0.001
    assert token_class.load(token, secret) is None
    with pytest.raises(TokenError, match="expired") as caught:
        token_class.verify(token, secret)
    assert caught.value.expired
    assert caught.value.code == "expired"


def test_not_before(token_class, secret, clock):
    token = token_class("ada", not_before=clock.date(10)).dump(secret)

    assert code_of(token_class, token, secret) == "not_yet_valid"
    clock.now += 10
    assert token_class.verify(token, secret)


def test_clocks_that_differ_need_leeway(token_class, context, clock):
    token = token_class("ada", expiry=clock.date(2)).dump()

    clock.now += 2
    assert token_class.load(token) is None
    context.config["TOKEN_AUTH_LEEWAY"] = timedelta(seconds=5)
    assert token_class.load(token)
    clock.now += 4
    assert token_class.load(token)
    clock.now += 1
    assert token_class.load(token) is None


def test_a_token_may_be_bytes(token_class, secret, clock):
    text = token_class("ada", ["read"], expiry=clock.date(60)).dump(secret)

    assert token_class.load(text.encode(), secret).scopes == ["read"]
    assert token_class.verify(text.encode(), secret).user_id == "ada"
    for bad in (b"", b"x", b"\xff.\xff.\xff", text.encode() + b"=", bytes(20_000)):
        assert code_of(token_class, bad, secret) == "malformed"
    assert code_of(token_class, bytearray(text.encode()), secret) == "malformed"


def test_a_token_of_bytes_comes_from_the_cache_too(token_class, context, clock):
    context.config["TOKEN_AUTH_CACHE_SIZE"] = 2
    text = token_class("ada", expiry=clock.date(60)).dump()

    for each in (text, text.encode(), text, text.encode()):
        assert token_class.load(each).user_id == "ada"
    clock.now += 60
    for each in (text, text.encode()):
        assert token_class.load(each) is None


def test_a_token_shows_its_class_and_registered_claims(token_class, secret, clock):
    token = token_class("ada", subject="7", expiry=clock.date(9), audience=["a", "b"])
    text = token.dump(secret)
    loaded = token_class.load(text, secret, audience="a")

    assert repr(ShortlivedTokenMixin()) == "<ShortlivedTokenMixin expiry=None>"
    assert token.issued_at == loaded.issued_at
    for each in (token, loaded):
        assert str(each) == f"{each}" == repr(each)
        assert repr(each) == (
            "<Badge expiry=2027-01-15T08:00:09+00:00 subject='7' audience=['a', 'b'] "
            "issued_at=2027-01-15T08:00:00+00:00>"
        )
        assert not any(part in repr(each) for part in text.split("."))

    class Bare(ShortlivedTokenMixin):
        def __init__(self):
            """Leave the registered claims out."""

    assert repr(Bare()).endswith("Bare expiry=None>")


def test_a_token_of_a_host_that_is_ahead_is_accepted(token_class, context, clock):
    text = token_class("ada", expiry=clock.date(900), not_before=clock.date()).dump()

    clock.now -= 5
    assert token_class.load(text)
    clock.now -= 1
    assert code_of(token_class, text) == "not_yet_valid"
    context.config["TOKEN_AUTH_LEEWAY"] = 6
    assert token_class.load(text)
    text = token_class("ada").dump()
    clock.now -= 60
    assert token_class.load(text)
    clock.now -= 1
    assert code_of(token_class, text) == "not_yet_valid"
    context.config["TOKEN_AUTH_LEEWAY"] = 61
    assert token_class.load(text)


def test_issuer(token_class, secret):
    token = token_class("ada", issuer="me").dump(secret)

    assert token_class.load(token, secret)
    assert token_class.load(token, secret, "me")
    assert token_class.load(token, secret, issuer=["you", "me"])
    assert code_of(token_class, token, secret, "m") == "issuer"
    assert code_of(token_class, token, secret, []) == "issuer"
    assert (
        code_of(token_class, token_class("ada").dump(secret), secret, "me") == "issuer"
    )


def test_audience(token_class, secret):
    token = token_class("ada", audience=["api", "web"]).dump(secret)

    assert token_class.load(token, secret, audience="web").audience == ["api", "web"]
    assert token_class.load(token, secret, None, ["mail", "api"])
    assert code_of(token_class, token, secret) == "audience"
    assert code_of(token_class, token, secret, audience="mail") == "audience"
    assert code_of(token_class, token, secret, audience=[]) == "audience"


def test_issuer_and_audience_of_the_application(token_class, context, secret):
    outside = token_class("ada").dump(secret)
    context.config.update(TOKEN_AUTH_ISSUER=["me", "old me"], TOKEN_AUTH_AUDIENCE="api")
    token = token_class("ada")
    text = token.dump()

    assert (claims_of(text)["iss"], claims_of(text)["aud"]) == ("me", "api")
    assert token.issuer is None
    assert token_class.load(text).issuer == "me"
    assert token_class.load(token_class("ada", issuer="old me").dump())
    assert token_class.load(outside) is None
    assert token_class.load(token_class("ada", audience="web").dump()) is None
    assert token_class.load(token_class("ada", audience="web").dump(), audience="web")


def test_required_claims(token_class, context, clock):
    context.config["TOKEN_AUTH_REQUIRE"] = ("exp",)

    assert code_of(token_class, token_class("ada").dump()) == "missing_claim"
    assert token_class.load(token_class("ada", expiry=clock.date(1)).dump())


def test_each_class_accepts_its_own_algorithm_only(token_class, secret):
    class Other(token_class):
        algorithm = "HS512"

    token, other = token_class("ada").dump(secret), Other("ada").dump(secret)

    assert jwt.get_unverified_header(other)["alg"] == "HS512"
    assert Other.load(other, secret)
    assert code_of(token_class, other, secret) == "algorithm"
    assert code_of(Other, token, secret) == "algorithm"


def test_an_unknown_algorithm_is_a_wrong_configuration(token_class, secret):
    class Broken(token_class):
        algorithm = "none"

    with pytest.raises(ConfigurationError, match="'none'"):
        Broken("root").dump(secret)
    with pytest.raises(ConfigurationError, match="'none'"):
        Broken.load("e30.e30.", secret)


@pytest.mark.parametrize("secret", ["", b"", "-----BEGIN PUBLIC KEY-----", 5])
def test_an_impossible_secret_is_a_wrong_configuration(token_class, secret):
    with pytest.raises(ConfigurationError, match="The secret is "):
        token_class.load("junk", secret)
    with pytest.raises(ConfigurationError, match="The secret is "):
        token_class("ada").dump(secret)


def test_bytes_and_text_are_the_same_secret(token_class, secret):
    token = token_class("ada").dump(secret.encode())

    assert token_class.load(token, secret)


def test_load_logs_the_code_and_nothing_else(token_class, secret, clock, caplog):
    caplog.set_level(logging.DEBUG)
    token = token_class("ada", expiry=clock.date(-1)).dump(secret)
    token_class.load(token, secret)

    assert [(r.levelname, r.message) for r in caplog.records] == [
        ("INFO", "Token refused: expired")
    ]


def test_a_good_token_is_not_logged(token_class, secret, caplog):
    caplog.set_level(logging.DEBUG)
    token_class.load(token_class("ada").dump(secret), secret)

    assert not caplog.records


def test_a_token_of_another_class_is_logged_with_what_it_lacks(
    token_class, secret, caplog
):
    token = ShortlivedTokenMixin(subject="ada").dump(secret)

    assert token_class.load(token, secret) is None
    assert caplog.records[0].levelname == "WARNING"
    assert "Badge" in caplog.text
    assert "missing a required argument: 'user_id'" in caplog.text


@pytest.mark.parametrize("error", [TypeError, ValueError, OverflowError])
def test_a_class_that_refuses_its_claims(token_class, secret, caplog, error):
    class Picky(token_class):
        def __init__(self, user_id, **rest):
            super().__init__(user_id, **rest)
            if user_id == "eve":
                raise error(user_id)

    token = token_class("eve").dump(secret)

    assert Picky.load(token, secret) is None
    assert error.__name__ in caplog.text
    assert "eve" not in caplog.text
    assert Picky.load(token_class("ada").dump(secret), secret)


def test_a_class_that_refuses_its_claims_in_marshmallows_words(token_class, secret):
    class Picky(token_class):
        def __init__(self, user_id, **rest):
            raise ValidationError(user_id)

    token = token_class("eve").dump(secret)

    assert Picky.load(token, secret) is None
    with pytest.raises(TokenError) as caught:
        Picky.verify(token, secret)
    assert "eve" not in str(caught.value)


def test_hooks_of_the_schema_run(token_class, secret):
    class Upper(token_class):
        class TokenSchema(token_class.TokenSchema):
            @post_load
            def shout(self, data, **_):
                return {**data, "user_id": data["user_id"].upper()}

    assert Upper.load(token_class("ada").dump(secret), secret).user_id == "ADA"


def test_errors_name_claims_and_never_their_values(token_class, forge, secret):
    token = forge(HEADER, {"uid": ["hunter2"]})

    with pytest.raises(TokenError, match="uid") as caught:
        token_class.verify(token, secret)

    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_subclass_has_its_own_schema(token_class, secret):
    class Wider(token_class):
        class TokenSchema(token_class.TokenSchema):
            team = fields.String()

        def __init__(self, user_id, team=None, **rest):
            super().__init__(user_id, **rest)
            self.team = team

    class Same(Wider):
        pass

    for cls in (token_class, Wider, Same, Wider, token_class):
        token = cls("ada").dump(secret)
        assert ("team" in claims_of(token)) == (cls is not token_class)
    assert Wider.load(Wider("ada", team="x").dump(secret), secret).team == "x"
    assert Same.load(Wider("ada", team="x").dump(secret), secret).team == "x"
    assert (
        token_class.load(Wider("ada", team="x").dump(secret), secret).user_id == "ada"
    )


def test_a_schema_that_is_replaced_is_used(token_class, secret):
    class Changing(token_class):
        pass

    assert "uid" in claims_of(Changing("ada").dump(secret))
    Changing.TokenSchema = Schema.from_dict(
        {"name": fields.String(attribute="user_id")}
    )

    assert claims_of(Changing("ada").dump(secret)) == {"name": "ada"}
    assert "uid" in claims_of(token_class("ada").dump(secret))


def test_threads_can_share_a_class_from_its_first_token_on(token_class, secret):
    class Fresh(token_class):
        class TokenSchema(token_class.TokenSchema):
            pass

    barrier = threading.Barrier(8)
    names = []

    def work(name):
        barrier.wait()
        for n in range(50):
            token = Fresh(f"{name}{n}").dump(secret)
            names.append((f"{name}{n}", Fresh.load(token, secret).user_id))

    threads = [threading.Thread(target=work, args=[name]) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(names) == 400
    assert all(given == found for given, found in names)


def test_tokens_do_not_share_their_claims(token_class, secret):
    text = token_class("ada", ["read"]).dump(secret)
    token_class.load(text, secret).scopes.append("admin")

    assert token_class.load(text, secret).scopes == ["read"]


def test_from_refresh_token_is_for_subclasses(token_class):
    with pytest.raises(NotImplementedError, match="Badge must define"):
        token_class.from_refresh_token(object())


def test_generate_is_deprecated(token_class):
    class Renewable(token_class):
        @classmethod
        def from_refresh_token(cls, refresh_token):
            return cls(refresh_token)

    with pytest.warns(DeprecationWarning, match="from_refresh_token") as caught:
        token = Renewable.generate("ada")

    assert token.user_id == "ada"
    assert caught[0].filename == __file__

"""What differs between two documents, and what of it breaks clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from twopi_openapi.paths import shape

_METHODS = ("get", "post", "put", "patch", "delete")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


@dataclass(frozen=True, slots=True)
class Change:
    """A difference.

    Attributes:
        kind: What sort of difference, such as ``"property-removed"``.
        place: Where: ``GET /notes response 200 items.text``.
        breaking: Whether a client that follows the old document may fail.
        text: A sentence.
    """

    kind: str
    place: str
    breaking: bool
    text: str

    def __str__(self) -> str:
        """Return a line."""
        return f"{'BREAKS ' if self.breaking else ''}{self.place}: {self.text}"


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """List what differs, in the order of the old document.

    Args:
        old: A document of OpenAPI 3.1, as `document` returns it.
        new: A later one.
    """
    return list(_Comparison(old, new).operations())


class _Comparison:
    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._old, self._new = old, new
        self._open: set[tuple[str, str, bool]] = set()

    def operations(self) -> Iterator[Change]:
        before, after = _operations(self._old), _operations(self._new)
        for key, (name, operation) in before.items():
            if key in after:
                yield from self._operation(name, operation, after[key][1])
            else:
                yield Change("operation-removed", name, True, "is gone")
        for key, (name, _) in after.items():
            if key not in before:
                yield Change("operation-added", name, False, "is new")

    def _operation(
        self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Change]:
        if new.get("deprecated") and not old.get("deprecated"):
            yield Change("deprecated", name, False, "is deprecated")
        if old.get("operationId") != new.get("operationId"):
            text = f"operationId was {old.get('operationId')}"
            yield Change("operation-id", name, True, text)
        yield from self._security(name, old, new)
        yield from self._parameters(name, old, new)
        yield from self._body(name, old.get("requestBody"), new.get("requestBody"))
        yield from self._responses(name, old["responses"], new["responses"])

    def _security(
        self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Change]:
        """A client may go on if one of its old ways still does."""
        before, after = old.get("security") or [{}], new.get("security") or [{}]
        for way in before:
            if not any(_is_enough(way, each) for each in after):
                yield Change("security", name, True, "asks for other credentials")
                return

    def _parameters(
        self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Change]:
        before, after = _by_name(old), _by_name(new)
        for key, parameter in before.items():
            place = f"{name} {key[0]} {key[1]}"
            if key not in after:
                yield Change("parameter-removed", place, True, "is gone")
                continue
            other = after[key]
            if other.get("required") and not parameter.get("required"):
                yield Change("parameter-required", place, True, "is required now")
            yield from self._schema(
                place, parameter["schema"], other["schema"], sent=True
            )
        for key, parameter in after.items():
            if key not in before:
                must = bool(parameter.get("required"))
                text = "is new and required" if must else "is new"
                yield Change("parameter-added", f"{name} {key[0]} {key[1]}", must, text)

    def _body(
        self, name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
    ) -> Iterator[Change]:
        place = f"{name} body"
        if new is None:
            if old is not None:
                yield Change("body-removed", place, True, "is not read any more")
            return
        must = bool(new.get("required"))
        if old is None or (must and not old.get("required")):
            text = "is required now" if must else "may be sent now"
            yield Change("body-required" if must else "body-added", place, must, text)
        yield from self._content(
            place, (old or {}).get("content", {}), new["content"], sent=True
        )

    def _responses(
        self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[Change]:
        for status, response in old.items():
            place = f"{name} response {status}"
            if status not in new:
                wanted = status.startswith("2")
                yield Change("response-removed", place, wanted, "is gone")
                continue
            before, after = response.get("content", {}), new[status].get("content", {})
            yield from self._content(place, before, after, sent=False)
        for status in new:
            if status not in old:
                place = f"{name} response {status}"
                yield Change("response-added", place, False, "is new")

    def _content(
        self, place: str, old: Mapping[str, Any], new: Mapping[str, Any], *, sent: bool
    ) -> Iterator[Change]:
        for kind, media in old.items():
            if kind not in new:
                yield Change("media-type-removed", place, True, f"{kind} is gone")
            else:
                yield from self._schema(
                    place,
                    media.get("schema", {}),
                    new[kind].get("schema", {}),
                    sent=sent,
                )

    def _schema(
        self, place: str, old: Mapping[str, Any], new: Mapping[str, Any], *, sent: bool
    ) -> Iterator[Change]:
        """Compare two schemas.

        Args:
            place: Where they are.
            old: The old one.
            new: The new one.
            sent: Whether clients send what they describe: narrower breaks them. What
                they get breaks them if it is wider.
        """
        pair = (str(old.get("$ref")), str(new.get("$ref")), sent)
        if "$ref" in old and "$ref" in new:
            if pair in self._open:
                return
            self._open.add(pair)
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        yield from _types(place, old, new, sent=sent)
        yield from _values(place, old, new, sent=sent)
        if sent:
            yield from _bounds(place, old, new)
        yield from self._properties(place, old, new, sent=sent)
        if "items" in old and "items" in new:
            yield from self._schema(f"{place}[]", old["items"], new["items"], sent=sent)
        self._open.discard(pair)

    def _properties(
        self, place: str, old: Mapping[str, Any], new: Mapping[str, Any], *, sent: bool
    ) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required = set(new.get("required", ()))
        for name, schema in before.items():
            where = f"{place} {name}"
            if name not in after:
                breaks = not sent or new.get("additionalProperties") is False
                yield Change("property-removed", where, breaks, "is gone")
                continue
            if sent and name in required - set(old.get("required", ())):
                yield Change("property-required", where, True, "is required now")
            if not sent and name in set(old.get("required", ())) - required:
                yield Change("property-optional", where, True, "may be missing now")
            yield from self._schema(where, schema, after[name], sent=sent)
        for name in after:
            if name not in before:
                must = sent and name in required
                text = "is new and required" if must else "is new"
                yield Change("property-added", f"{place} {name}", must, text)


def _operations(document: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, Any]]:
    """Return operations by what clients see: the names of variables do not count."""
    return {
        (shape(path), method): (f"{method.upper()} {path}", item[method])
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    }


def _by_name(operation: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    found = {}
    in_path = 0
    for each in operation.get("parameters", ()):
        name = each["name"]
        if each["in"] == "path":  # clients fill them in by their order
            name, in_path = str(in_path), in_path + 1
        found[each["in"], name.lower() if each["in"] == "header" else name] = each
    return found


def _is_enough(way: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Return whether credentials for *way* are those for *wanted*."""
    return all(
        name in way and set(scopes) <= set(way[name]) for name, scopes in wanted.items()
    )


def _resolved(
    document: Mapping[str, Any], schema: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return *schema* without its reference, and without null as an alternative."""
    null = False
    if "anyOf" in schema:
        others = [each for each in schema["anyOf"] if each != {"type": "null"}]
        null = len(others) < len(schema["anyOf"])
        schema = others[0] if null and len(others) == 1 else schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
    if null and isinstance(schema.get("type"), str):
        schema = {**schema, "type": [schema["type"], "null"]}
    return schema


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kinds = schema.get("type")
    if kinds is None:
        return set()
    return {kinds} if isinstance(kinds, str) else set(kinds)


def _types(
    place: str, old: Mapping[str, Any], new: Mapping[str, Any], *, sent: bool
) -> Iterator[Change]:
    before, after = _kinds(old), _kinds(new)
    if before == after:
        return
    more, less = _lacks(before, after), _lacks(after, before)
    breaks = less if sent else more
    if "null" in before ^ after and before - {"null"} == after - {"null"}:
        text = "may be null now" if "null" in after else "is never null now"
        yield Change("nullable", place, breaks, text)
    else:
        text = f"was {_said(before)}, is {_said(after)}"
        yield Change("type", place, breaks, text)


def _lacks(some: set[str], others: set[str]) -> bool:
    """Return whether *others* allows what *some* does not; no type is any."""
    if not some:
        return False
    if not others:
        return True
    covered = some | ({"integer"} if "number" in some else set())
    return not others <= covered


def _said(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds)) or "anything"


def _values(
    place: str, old: Mapping[str, Any], new: Mapping[str, Any], *, sent: bool
) -> Iterator[Change]:
    """Compare enumerations; one value is an enumeration of it."""
    before, after = _enumerated(old), _enumerated(new)
    if before == after:
        return
    if before is None or after is None:
        breaks = sent == (after is not None)
        yield Change(
            "enum", place, breaks, "has a list of values" if after else "has any value"
        )
        return
    gone = [each for each in before if each not in after]
    more = [each for each in after if each not in before]
    if gone:
        yield Change("enum-removed", place, sent, f"is never {gone} now")
    if more:
        yield Change("enum-added", place, not sent, f"may be {more} now")


def _enumerated(schema: Mapping[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found: list[Any] | None = schema.get("enum")
    return found


def _bounds(
    place: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Change]:
    for names, is_tighter in ((_LOWER, _is_more), (_UPPER, _is_less)):
        for name in names:
            before, after = old.get(name), new.get(name)
            if before == after:
                continue
            tighter = after is not None and (
                before is None or is_tighter(after, before)
            )
            text = f"{name} was {before}, is {after}"
            yield Change("bound", place, tighter, text)
    for name in ("pattern", "format"):
        before, after = old.get(name), new.get(name)
        if before != after:
            yield Change(
                name, place, after is not None, f"{name} was {before}, is {after}"
            )
    closed = new.get("additionalProperties") is False
    if closed and old.get("additionalProperties") is not False and "properties" in old:
        yield Change("closed", place, True, "takes no other names now")


def _is_more(one: float, other: float) -> bool:
    return one > other


def _is_less(one: float, other: float) -> bool:
    return one < other

"""Notes: log in, write notes, and read your own, page by page."""

import os

from flask import Flask
from marshmallow import Schema, fields, validate
from sqlalchemy import String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import twopi_restful
import twopi_webargs
from twopi_pagination import cursor_paginated
from twopi_token_auth import SessionToken, TokenAuth, current_token, parse_auth_header
from twopi_token_auth.stores.sqlalchemy import SQLAlchemyStore
from twopi_webargs import use_args

PASSWORDS = {"ada": "lace", "bob": "ross"}  # yours are hashed, in a database


class Base(DeclarativeBase):
    """The tables of this application."""


class Note(Base):
    """A note of somebody."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(50), index=True)
    text: Mapped[str] = mapped_column(String(200))


class NoteSchema(Schema):
    """A note as clients send it and get it."""

    id = fields.Integer(dump_only=True)
    text = fields.String(required=True, validate=validate.Length(1, 200))


def authenticate(username: str, password: str) -> str | None:
    """Return who has this name and password."""
    return username if PASSWORDS.get(username) == password else None


def create_app(database: str = "sqlite:///notes.sqlite") -> Flask:
    """Return the application."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]
    engine = create_engine(database)
    store = SQLAlchemyStore(engine)
    store.create_all()
    Base.metadata.create_all(engine)

    auth = TokenAuth(app, SessionToken, store=store, authenticate=authenticate)
    app.register_blueprint(auth.blueprint())
    twopi_restful.init_app(app)
    twopi_webargs.init_app(app)

    @app.get("/notes")
    @parse_auth_header(SessionToken, required=True)
    def list_notes():
        newest = select(Note).order_by(Note.id.desc())
        mine = newest.where(Note.owner == current_token.user_id)
        with Session(engine) as session:
            return cursor_paginated(mine, NoteSchema, session=session).data

    @app.post("/notes")
    @parse_auth_header(SessionToken, required=True)
    @use_args(NoteSchema)
    def add_note(values):
        note = Note(owner=current_token.user_id, **values)
        with Session(engine) as session, session.begin():
            session.add(note)
            session.flush()
            return NoteSchema().dump(note), 201

    return app

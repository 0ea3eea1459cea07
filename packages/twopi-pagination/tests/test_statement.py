import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from marshmallow import Schema, fields
from sqlalchemy import create_engine, insert, literal_column, select, text, union
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from twopi_pagination import UnpageableQuery, paginated


class Base(DeclarativeBase):
    pass


class Word(Base):
    __tablename__ = "word"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class WordSchema(Schema):
    text = fields.String()


ALPHA = {
    "offset": 0,
    "limit": 1,
    "items": [{"text": "alpha"}],
    "totalItems": 2,
}


@pytest.fixture
def factory(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/words.sqlite")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(Word), [{"text": "alpha"}, {"text": "beta"}])
    yield sessionmaker(engine)
    engine.dispose()


@pytest.fixture
def app(factory):
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = factory.kw["bind"].url
    db = SQLAlchemy(app)
    yield app
    with app.app_context():
        db.engine.dispose()


def forms(session):
    return [
        session.query(Word),
        session.query(Word.text).order_by(Word.id),
        select(Word),
        select(Word.text).order_by(Word.id),
        select(Word.__table__).order_by(Word.id),
        union(select(Word.text), select(Word.text)).order_by("text"),
    ]


@pytest.mark.parametrize("form", range(6))
def test_a_session_is_given(factory, form):
    with factory() as session:
        query = forms(session)[form]

        assert paginated(query, WordSchema, 0, 1, session=session).data == ALPHA


@pytest.mark.parametrize("form", range(6))
def test_a_scoped_session_is_given(factory, form):
    session = scoped_session(factory)
    query = forms(session)[form]

    assert paginated(query, WordSchema, 0, 1, session=session).data == ALPHA
    session.remove()


class Wrapper:
    """Hands all on to a session, as tools that trace or count do."""

    def __init__(self, session):
        self.session = session

    def __getattr__(self, name):
        return getattr(self.session, name)


@pytest.mark.parametrize("form", range(6))
def test_a_wrapped_session_is_given(factory, form):
    with factory() as session:
        query = forms(session)[form]
        wrapper = Wrapper(session)

        assert paginated(query, WordSchema, 0, 1, session=wrapper).data == ALPHA


@pytest.mark.parametrize("wrong", [object(), Wrapper(object()), "session"])
def test_what_is_not_a_session_is_refused(factory, wrong):
    with factory() as session, pytest.raises(TypeError, match="session must be"):
        paginated(forms(session)[5], WordSchema, 0, 1, session=wrong)


@pytest.mark.parametrize("form", range(2))
def test_a_query_brings_its_session(factory, form):
    with factory() as session:
        assert paginated(forms(session)[form], WordSchema, 0, 1).data == ALPHA


@pytest.mark.parametrize("form", range(2, 6))
def test_the_session_of_flask_sqlalchemy(app, form):
    with app.app_context():
        query = forms(app.extensions["sqlalchemy"].session)[form]

        assert paginated(query, WordSchema, 0, 1).data == ALPHA


def test_a_given_session_beats_the_query_s_own(factory):
    with factory() as session, factory() as other:
        other.add(Word(text="gamma"))
        query = session.query(Word)

        assert paginated(query, WordSchema, 0, 1).data["totalItems"] == 2
        assert paginated(query, WordSchema, 0, 1, session=other).data["totalItems"] == 3


def test_a_query_keeps_its_loading_options(factory):
    with factory() as session:
        word = session.get(Word, 1)
        session.execute(text("UPDATE word SET text = 'changed'"))
        query = session.query(Word).order_by(Word.id)
        paginated(query, WordSchema, 0, 1)

        assert word.text == "alpha"
        paginated(query.populate_existing(), WordSchema, 0, 1)
        assert word.text == "changed"


@pytest.mark.parametrize("form", [0, 2])
def test_rows_asked_for_in_portions_come_at_once(factory, form):
    with factory() as session:
        query = forms(session)[form]
        query = query.execution_options(yield_per=1) if form else query.yield_per(1)

        assert paginated(query, WordSchema, 0, 1, session=session).data == ALPHA


def test_no_session():
    with pytest.raises(TypeError, match=r"there is no session .* a session="):
        paginated(select(Word), WordSchema, 0, 1)


def test_no_session_in_an_application_without_the_extension():
    with (
        Flask(__name__).app_context(),
        pytest.raises(TypeError, match=r"there is no session .* a session="),
    ):
        paginated(select(Word), WordSchema, 0, 1)


@pytest.mark.parametrize("session", [sessionmaker(), "session", object()])
def test_something_else_for_a_session(session):
    with pytest.raises(TypeError, match="session must be a sqlalchemy"):
        paginated(select(Word), WordSchema, 0, 1, session=session)


@pytest.mark.parametrize(
    "query",
    [
        Word,
        "SELECT 1",
        None,
        text("SELECT 1"),
        insert(Word),
        select(Word).subquery(),
        select(Word).from_statement(text("SELECT * FROM word")),
        Session().query(Word).from_statement(text("SELECT * FROM word")),
    ],
)
def test_what_cannot_be_paged(query):
    with pytest.raises(UnpageableQuery, match="basequery must be a Query, a select"):
        paginated(query, WordSchema, 0, 1, session=Session())


@pytest.mark.parametrize(
    "query",
    [
        select(Word.text).fetch(5),
        select(Word.text).limit(literal_column("5")),
        select(Word.text).offset(select(Word.id).scalar_subquery()),
    ],
)
def test_rows_with_a_limit_that_is_no_number(query):
    with pytest.raises(UnpageableQuery, match="of integers"):
        paginated(query, WordSchema, 0, 1, session=Session())


def test_a_model_of_another_database(tmp_path):
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    app.config["SQLALCHEMY_BINDS"] = {"other": f"sqlite:///{tmp_path}/other.sqlite"}
    db = SQLAlchemy(app)

    class Leaf(db.Model):
        __bind_key__ = "other"
        id: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str]

    with app.app_context():
        db.create_all()
        db.session.add_all([Leaf(text="alpha"), Leaf(text="beta")])
        db.session.commit()
        twin = aliased(Leaf)

        for query in (
            Leaf.query,
            select(Leaf),
            select(Leaf.text).order_by(Leaf.id),
            select(Leaf).join(twin, twin.id >= Leaf.id),
        ):
            assert paginated(query, WordSchema, 0, 1).data == ALPHA
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()

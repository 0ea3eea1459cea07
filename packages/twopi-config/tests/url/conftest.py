import pytest

URLS = [
    "redis://localhost:6379/0",
    "redis://:secret@localhost",
    "redis://[::1]:6379/0",
    "redis+socket:///run/redis.sock?virtual_host=1",
    "rediss://user@h:0/1#frag",
    "amqp://h/%2Fvhost",
    "amqp://guest:guest@h//",
    "amqp://",
    "memory://",
    "mongodb://h1:1,h2:2/db?replicaSet=rs#x",
    "mongodb+srv://u:p@cluster.example/db",
    "postgresql:///d?host=/run/postgresql",
    "postgresql+psycopg://u:p%40ss@DB.Example:5432/app?sslmode=require&a=",
    "sqlite://",
    "sqlite:////tmp/a.db",
    "sqlite:///C:/My Documents/a.db",
    "http://user:@h:/p?#",
    "http://@h?q",
    "http://a@b@c:p:q@h/é;x=1",
    "//cdn.example/logo.svg",
    "sentinel://h1:26379;sentinel://h2:26379/0",
]


@pytest.fixture(params=URLS)
def url(request):
    """A URL of a kind that other parsers change."""
    return request.param

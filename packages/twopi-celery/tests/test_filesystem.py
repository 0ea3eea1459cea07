import shutil
import stat
import sys
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError

from twopi_celery import ConfigurationError, create_celery, filesystem_broker


def test_folders_belong_to_one_user(tmp_path):
    folder = tmp_path / "a b%20" / "queue"

    settings = filesystem_broker(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {each.name for each in folder.iterdir()} == {
        "control",
        "data",
        "processed",
        "results",
    }
    for each in folder.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o700
    assert settings["result_backend"] == f"file://{folder}/results"


def test_the_folder_may_be_relative_and_there_already(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    settings = filesystem_broker("queue")

    assert filesystem_broker(tmp_path / "queue") == settings


def test_nothing_is_written_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    celery = create_celery("shop", filesystem_broker("queue"))

    with celery.connection() as connection:
        queue = connection.SimpleQueue("orders")
        queue.put({"number": 1})
        assert queue.qsize() == 1
        assert queue.get(timeout=5).payload == {"number": 1}
        queue.close()

    assert [each.name for each in tmp_path.iterdir()] == ["queue"]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "queue").write_text("")

    with pytest.raises(FileExistsError):
        filesystem_broker(tmp_path / "queue")


def test_a_folder_that_is_missing_is_made(tmp_path):
    settings = filesystem_broker(tmp_path / "queue")
    shutil.rmtree(tmp_path / "queue")
    del settings["result_backend"]
    celery = create_celery("shop", settings, set_as_current=False)

    celery.send_task("first")

    [message] = (tmp_path / "queue/data").iterdir()
    assert "first" in message.read_text()
    assert stat.S_IMODE((tmp_path / "queue/data").stat().st_mode) == 0o700


def test_a_missing_folder_that_cannot_be_made_is_named(tmp_path):
    settings = filesystem_broker(tmp_path / "queue")
    shutil.rmtree(tmp_path / "queue")
    (tmp_path / "queue").write_text("in the way")
    del settings["result_backend"]
    celery = create_celery("shop", settings, set_as_current=False)

    with pytest.raises(ConfigurationError, match=f"{tmp_path}/queue/data of the"):
        celery.send_task("first", retry=False)


def test_folders_that_are_gone_are_errors_that_callers_handle(tmp_path):
    settings = filesystem_broker(tmp_path / "q") | {"task_publish_retry": False}
    celery = create_celery("shop", settings, set_as_current=False)

    @celery.task(shared=False)
    def add(a, b):
        return a + b

    @celery.task(shared=False, ignore_result=True)
    def forget():
        pass

    shutil.rmtree(tmp_path / "q" / "results")
    forget.delay()
    result = add.delay(1, 2)  # makes the folder again
    assert result.state == "PENDING"
    shutil.rmtree(tmp_path / "q" / "results")
    (tmp_path / "q" / "results").write_text("not a folder")
    forget.delay()
    with pytest.raises(OperationalError, match="for results cannot be used"):
        result.get(timeout=5)
    with pytest.raises(OperationalError, match="for results cannot be used"):
        celery.backend.set("key", "value")

    shutil.rmtree(tmp_path / "q" / "processed")
    with pytest.raises(OperationalError, match="Cannot add a message"):
        forget.delay()


KILLED = """
    import os
    from pathlib import Path
    from twopi_celery import create_celery, filesystem_broker

    here = Path(__file__).parent
    celery = create_celery("tasks", filesystem_broker(here / "queue"))


    @celery.task(ignore_result=True)
    def sleep():
        (here / "child").write_text(str(os.getpid()))
        while True:
            pass
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child")
def test_a_child_ends_with_a_worker_that_is_killed(start_worker, wait_for):
    with start_worker(KILLED, "prefork", concurrency=1) as worker:
        celery = create_celery("client", filesystem_broker(worker.folder / "queue"))
        celery.send_task("tasks.sleep")
        child = worker.folder / "child"
        wait_for(lambda: child.exists() and child.read_text())
        worker.process.kill()  # alone, and not its group

        def gone():
            try:
                status = Path(f"/proc/{child.read_text()}/stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                return True
            return status.rpartition(")")[2].split()[0] == "Z"

        wait_for(gone)

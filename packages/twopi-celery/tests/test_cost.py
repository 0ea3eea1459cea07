"""What is done around a task, in calls, which unlike times are the same every time."""

SCRIPT = """
    import sys
    from collections import Counter

    from celery.app.trace import build_tracer
    from celery.signals import task_postrun, task_prerun
    from flask import Flask

    from twopi_celery import create_db_session, init_app

    app = Flask("shop")
    app.config.update(
        CELERY_BROKER_URL="memory://", SQLALCHEMY_DATABASE_URI="sqlite://"
    )
    celery = init_app(app)
    session = create_db_session(celery)


    @celery.task(ignore_result=True)
    def nothing():
        return 1


    trace = build_tracer(nothing.name, nothing, app=celery)


    def calls():
        counted = Counter()
        for _ in range(3):
            trace("1", (), {}, {"id": "1"})
        sys.setprofile(lambda frame, event, argument: counted.update([event]))
        trace("1", (), {}, {"id": "1"})
        sys.setprofile(None)
        return counted["call"], counted["c_call"]


    ours = calls()
    receivers = len(task_prerun.receivers), len(task_postrun.receivers)
    task_prerun.receivers.clear()
    task_postrun.receivers.clear()
    plain = calls()
    print(*receivers, *(one - other for one, other in zip(ours, plain)))
"""


def test_a_context_and_a_session_that_is_not_used_stay_in_their_budget(run_python):
    before, after, calls, c_calls = map(int, run_python(SCRIPT).split())

    assert (before, after) == (1, 1)
    assert 0 < calls <= 40
    assert 0 < c_calls <= 47

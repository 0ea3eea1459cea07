"""Punchcard, a timesheet service: the twopi packages composed into one application.

The command is ``twopi-demo``; the application is made by `twopi_demo.app.create_app`.
"""

__all__: list[str] = []

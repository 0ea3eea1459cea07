"""What happens to sessions, told to whoever listens (blinker, as `flask.signals`).

The sender is the application. Each signal is sent after the store has been changed; a
receiver that raises makes the request fail.

- `logged_in`: ``session``
- `renewed`: ``session``, and ``repeated``: the same answer was given before
- `refresh_reused`: ``session``; an old token came back, so that it was revoked
- `refresh_rejected`: ``code``, ``session_id`` and ``user_id`` of the `SessionError`
- `logged_out`: ``session_ids``, a list
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

logged_in = _signals.signal("logged-in")
renewed = _signals.signal("renewed")
refresh_reused = _signals.signal("refresh-reused")
refresh_rejected = _signals.signal("refresh-rejected")
logged_out = _signals.signal("logged-out")

"""Options by which no wait for Redis is without end."""

from __future__ import annotations

from typing import Any

REDIS_BOUNDS: dict[str, Any] = {
    "socket_timeout": 3.0,
    "socket_connect_timeout": 3.0,
    "socket_keepalive": True,
    "retry_on_timeout": True,
    "health_check_interval": 2,
    "brpop_timeout": 1,
}
"""Options of kombu's transport, in seconds."""

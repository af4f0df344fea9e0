"""A notification to deliver, and name servers that answer as a test defines it."""

import socket
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from stenoflow.http.notification import Notification
from stenoflow.http.options import WebhookOptions
from stenoflow.http.webhook import DEADLINE_S, deliver

NOT_STOPPED = threading.Event()
NOTIFICATION = Notification(
    id="a1b2",
    key="calls/2026/ünïcode.mp3",
    outcome="rejected",
    reason="The recording is longer than the profile allows.",
    error="OverLimit",
    manifest="_stenoflow/manifests/calls/2026/ünïcode.mp3/0.json",
    finished=datetime(2026, 11, 23, 18, 0, tzinfo=UTC),
)


def send(
    url: str,
    *,
    secret: str | None = None,
    allow_private: bool = True,
    deadline_s: float = DEADLINE_S,
) -> None:
    """Deliver the notification."""
    options = WebhookOptions(url=url, allow_private=allow_private)
    deliver(NOTIFICATION, options, secret=secret, stop=NOT_STOPPED, deadline_s=deadline_s)


def resolve(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Answer look-ups of ``.test`` names in turn; return the names that are looked up."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *args: Any, **named: Any) -> Any:
        if not host.endswith(".test"):
            return real(host, port, *args, **named)
        asked.append(host)
        answer = answers[min(len(asked), len(answers)) - 1]
        return [entry for each in answer for entry in real(each, port, *args, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked

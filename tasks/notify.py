"""Tell the web service that a profile names how a recording ended."""

import os
from datetime import UTC, datetime
from threading import Event

from prefect.runtime.flow_run import get_id, get_run_count

from stenoflow.http.notification import SECRET_VARIABLE, Notification
from stenoflow.http.options import WebhookOptions
from stenoflow.http.webhook import deliver
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.tasks.ending import Ending
from stenoflow.tasks.runtime.threads import in_stoppable_thread
from stenoflow.tasks.step import step


@step
async def notify(notification: Notification, options: WebhookOptions) -> None:
    """Send a notification, again and again while its service is away.

    To be called with ``return_state=True``: whether anybody listens is no matter of the recording.
    """
    await in_stoppable_thread(_notify, notification, options)


def _notify(stop: Event, notification: Notification, options: WebhookOptions) -> None:
    deliver(notification, options, secret=os.environ.get(SECRET_VARIABLE), stop=stop)


def notification_of(ending: Ending) -> Notification:
    """What is told about an ending: the same in every try of one run."""
    manifest = ending.manifest
    return Notification(
        id=f"{get_id()}-{get_run_count()}",
        key=ending.key,
        outcome=ending.outcome,
        reason=ending.reason,
        error=ending.error,
        manifest=manifest
        and manifest_key(ending.key, fingerprint(manifest.source.version or "", manifest.profile)),
        flow_run=get_id(),
        finished=datetime.now(UTC),
    )

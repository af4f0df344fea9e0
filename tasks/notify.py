"""Send the webhook that a profile names when a recording has ended."""

import os
from datetime import UTC, datetime
from threading import Event

from prefect.runtime.flow_run import get_id, get_run_count

from stenoflow.http.notification import SECRET_VARIABLE, Notification
from stenoflow.http.options import WebhookOptions
from stenoflow.http.webhook import deliver
from stenoflow.manifest.keys import fingerprint, manifest_key
from stenoflow.pipeline.outcome import Outcome
from stenoflow.tasks.runtime.threads import in_stoppable_thread
from stenoflow.tasks.step import step


@step
async def notify(notification: Notification, options: WebhookOptions) -> None:
    """Send a notification, retrying while its service is unavailable."""
    await in_stoppable_thread(_notify, notification, options)


def _notify(cancelled: Event, notification: Notification, options: WebhookOptions) -> None:
    deliver(notification, options, secret=os.environ.get(SECRET_VARIABLE), stop=cancelled)


def notification_of(outcome: Outcome) -> Notification:
    """Return the notification of an outcome: the same in every try of one run."""
    manifest = outcome.manifest
    return Notification(
        id=f"{get_id()}-{get_run_count()}",
        key=outcome.key,
        outcome=outcome.name,
        reason=outcome.reason,
        error=outcome.error,
        manifest=manifest
        and manifest_key(outcome.key, fingerprint(manifest.source.version or "", manifest.profile)),
        flow_run=get_id(),
        finished=datetime.now(UTC),
    )

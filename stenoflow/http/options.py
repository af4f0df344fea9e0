"""Options of the webhook."""

from pydantic import Field

from stenoflow.options import Options


class WebhookOptions(Options):
    """The web service that is notified of each recording's outcome."""

    url: str = Field(title="URL", pattern=r"^https?://")
    allow_private: bool = Field(default=False, title="Allow private addresses")
    """Off: addresses of private, loopback and link-local networks are never called."""

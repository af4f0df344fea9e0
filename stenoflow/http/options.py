"""Options of the webhook."""

from pydantic import Field

from stenoflow.options import Options


class WebhookOptions(Options):
    """Who is told when a recording has ended, however it ended."""

    url: str = Field(title="URL", pattern=r"^https?://")
    allow_private: bool = Field(default=False, title="Allow private addresses")
    """Off: addresses of private, loopback and link-local networks are never called."""

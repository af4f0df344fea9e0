"""HTTP beyond single calls: requests that can be aborted, retries with backoff, and the webhook.

Import its modules by name. The package itself exports nothing, since a profile needs only the options
from here, and is not to wait until an HTTP client is loaded.
"""

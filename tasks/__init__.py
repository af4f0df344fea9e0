"""The steps of a recording as Prefect tasks: each is retried on transient errors, and none is cached."""

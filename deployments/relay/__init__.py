"""The relay: notifications of uploads become Prefect events."""

"""Prefect servers on this machine: for one command, or until Ctrl-C."""

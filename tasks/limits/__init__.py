"""Limits that several flow runs share: those of an engine's account, and those of a machine."""

"""Whisper on this machine, run by faster-whisper.

Nothing is imported here: the engine's libraries are heavy, and its declaration must stay light.
"""

"""Deepgram's pre-recorded transcription.

Nothing is imported here: the engine's libraries are heavy, and its declaration must stay light.
"""

"""Servers that speak OpenAI's transcription protocol.

Nothing is imported here: the engine's libraries are heavy, and its declaration must stay light.
"""

"""Captions: a transcript as cues of a few lines that people have time to read."""

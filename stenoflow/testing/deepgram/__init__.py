"""A stand-in for Deepgram, in this process (``server``) or in one of its own (``process``).

``faults`` are the failures that it can produce. Names are imported from these modules, so that
``process`` does not load the decoder that ``server`` needs.
"""

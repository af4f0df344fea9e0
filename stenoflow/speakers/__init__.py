"""Speakers: who speaks when, estimated from voices, for engines that have no speakers of their own.

:func:`~stenoflow.speakers.estimate.estimate_speakers` cuts speech into windows, has a speaker encoder make a
vector of each, and clusters these. :func:`~stenoflow.speakers.attribution.attribute_words` gives each word
of a transcript the speaker of its time. Nothing is sent anywhere.
"""

"""Means to try Stenoflow without an account: a stand-in for Deepgram, and audio whose words are known.

``python -m stenoflow.testing.deepgram`` serves the stand-in. ``tones`` makes the audio. Nothing else in
the library imports this package, and it exports nothing here, so that ``tones`` alone stays light.
"""

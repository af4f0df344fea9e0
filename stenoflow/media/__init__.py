"""Media files: what they contain, and their samples, through FFmpeg in a sandbox.

``decoding`` turns any recording into 16 kHz PCM (``decode``) or reads its header (``probe``); ``ffmpeg`` is
the command line, ``binaries`` the choice of the program, ``diagnostics`` its messages as errors and
warnings. ``sandbox`` runs any program on hostile input, the speech engines' workers included. ``scratch``
makes the folders in which recordings are worked on. Import functions from these modules: exported here is
only what profiles and manifests are made of, so that reading one does not load a decoder.
"""

from stenoflow.media.options import Limits, MediaOptions
from stenoflow.media.stream_info import AudioStream, MediaInfo, media_type

__all__ = ["AudioStream", "Limits", "MediaInfo", "MediaOptions", "media_type"]

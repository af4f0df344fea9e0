"""Rendering of a transcript in any of the installed formats, for people and programs.

A :class:`Rendering` is a normalized transcript with everything known about how it was made. A
:class:`Renderer` turns it into the bytes of one file. Renderers are entry points of the group
``stenoflow.renderers``, so that other packages can add formats (``docs/formats.md``).
"""

from stenoflow.rendering.base import Artifact, Failure, Recording, Renderer, Rendering
from stenoflow.rendering.registry import (
    RendererProblem,
    check_artifacts,
    find_renderer,
    render,
    render_all,
    renderer_problems,
    renderers,
)
from stenoflow.rendering.waveform import Waveform, compute_waveform

__all__ = [
    "Artifact",
    "Failure",
    "Recording",
    "Renderer",
    "RendererProblem",
    "Rendering",
    "Waveform",
    "check_artifacts",
    "compute_waveform",
    "find_renderer",
    "render",
    "render_all",
    "renderer_problems",
    "renderers",
]

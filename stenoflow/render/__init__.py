"""What people and programs read: one transcript, written in any of the registered formats."""

from stenoflow.render.base import Costs, Recording, Rendering
from stenoflow.render.registry import (
    Artifact,
    Failure,
    Renderer,
    check_artifacts,
    render_all,
    renderer,
    renderers,
)
from stenoflow.render.waveform import Waveform, waveform

__all__ = [
    "Artifact",
    "Costs",
    "Failure",
    "Recording",
    "Renderer",
    "Rendering",
    "Waveform",
    "check_artifacts",
    "render_all",
    "renderer",
    "renderers",
    "waveform",
]

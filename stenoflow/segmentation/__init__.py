"""Segmentation: what of each channel is sent to the engine, and the exact map between both times.

``planner`` decides from the speech segments which pauses are left out and where long speech is split
into chunks; ``plan`` holds the result, a :class:`SegmentationPlan` for each channel; ``timeline`` maps
samples of the sent audio to samples of the recording and back. The planner is not exported here: it
imports the encoder, which those who only read a plan do not need.
"""

from stenoflow.segmentation.options import SegmentationOptions
from stenoflow.segmentation.plan import Chunk, SegmentationPlan
from stenoflow.segmentation.timeline import Proof, Timeline

__all__ = ["Chunk", "Proof", "SegmentationOptions", "SegmentationPlan", "Timeline"]

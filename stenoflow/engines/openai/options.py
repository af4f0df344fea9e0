"""Options of servers that speak OpenAI's transcription protocol."""

from typing import Annotated

from pydantic import Field

from stenoflow.options import Options


class OpenAIOptions(Options):
    """Any server that speaks OpenAI's ``/v1/audio/transcriptions`` (self-hosted ones too)."""

    base_url: str = Field(default="http://127.0.0.1:8000/v1", title="Base URL")
    model: str = Field(default="Systran/faster-whisper-small", title="Model", min_length=1)
    language: str | None = Field(default=None, title="Language")
    prompt: str | None = Field(default=None, title="Prompt")
    temperature: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, title="Temperature"
    )
    max_request_bytes: int = Field(default=24_000_000, title="Largest request, bytes", ge=100_000)
    deadline_s: float = Field(default=1200, title="Total deadline of a request, seconds", gt=0)

"""Prompt contracts: how a row's question becomes the messages that a model sees."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """How a question is put to the model. Wording is ours; tags and answer formats are the method's."""

    template: str
    """Text of the user turn; `{question}` stands for the row's prompt. No other placeholder is replaced."""
    system: str | None = None
    """Text of the system turn; None sends no system turn."""
    prefill: str = ""
    """Opening of the assistant turn, which the model continues. It is not generated and carries no loss."""
    media: Literal["before", "after"] = "before"
    """Whether pictures and video stand before or after the user text."""
    style: Literal["chat", "plain"] = "chat"
    """`chat` renders the model's chat template; `plain` sends media, template text and prefill alone, without roles and
    without `system` (base models)."""

    def text(self, question: str) -> str:
        """The user text for one question."""
        return self.template.replace("{question}", question)

    def messages(self, question: str, images: int, videos: int = 0) -> list[dict[str, Any]]:
        """Chat messages in the form of transformers' chat templates, with one item for every picture and video."""
        media = [{"type": "image"}] * images + [{"type": "video"}] * videos
        text = [{"type": "text", "text": self.text(question)}]
        content = media + text if self.media == "before" else text + media
        system = [{"role": "system", "content": self.system}] if self.system is not None else []
        return [*system, {"role": "user", "content": content}]

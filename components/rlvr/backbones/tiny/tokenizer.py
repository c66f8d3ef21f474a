"""Byte-level BPE tokenizers trained on the texts at hand, and the ChatML format they are used with."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def train_tokenizer(texts: Iterable[str], special_tokens: Sequence[str], roles: Mapping[str, str]) -> Any:
    """A lossless tokenizer of at most 768 tokens.

    `special_tokens` come first in the vocabulary; `roles` maps attribute names of the tokenizer (`video_token`) to
    some of them, for processors that ask their tokenizer. Turns end with `<|im_end|>`; `<|endoftext|>` pads.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            # tags stay whole and digits stand alone, so that answers tokenize the same way everywhere
            pre_tokenizers.Split(Regex(r"</?\w+>|\d| ?\p{L}+|\s+|[^\s\p{L}\d]"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=768,
            special_tokens=list(special_tokens),
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    named = {"extra_special_tokens": dict(roles)} if roles else {}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", padding_side="left", **named
    )


def chatml(image: str, video: str) -> str:
    """The ChatML template, in which a picture stands as `image` and a video as `video`."""
    return (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
        "{% if message['content'] is string %}{{ message['content'] }}"
        "{% else %}{% for part in message['content'] %}"
        "{% if part['type'] == 'image' %}" + image + "{% elif part['type'] == 'video' %}" + video + "{% else %}"
        "{{ part['text'] }}{% endif %}"
        "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )

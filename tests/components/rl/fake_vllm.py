"""A stand-in for vLLM 0.33.0 with its published signatures, which generates with transformers.

Signatures, defaults and rules are those of that release's vllm/entrypoints/llm.py, vllm/sampling_params.py,
vllm/outputs.py, vllm/logprobs.py, vllm/v1/executor/abstract.py (what may be woken), vllm/v1/engine/parallel_sampling.py
(seeds of the n samples) and vllm/v1/sample/sampler.py (order of the filters); arguments it does not have are refused.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import torch

from rlvr.backbones.checkpoint import load_model, load_processor

ENGINE_ARGUMENTS = {
    "disable_log_stats", "distributed_executor_backend", "enable_chunked_prefill", "enable_lora",
    "enable_prefix_caching", "enable_sleep_mode", "generation_config", "limit_mm_per_prompt", "load_format",
    "logprobs_mode", "max_logprobs", "max_model_len", "max_num_batched_tokens", "max_num_seqs", "mm_processor_cache_gb",
    "model_impl", "override_generation_config", "pipeline_parallel_size", "skip_mm_profiling", "worker_extension_cls",
}  # fmt: skip
"""Fields of EngineArgs that LLM takes besides its own arguments (those of use in training)."""


@dataclass
class SamplingParams:
    n: int = 1
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repetition_penalty: float = 1.0
    temperature: float = 1.0
    watermarking: bool | None = None
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int | None = None
    stop: object = None
    stop_token_ids: list | None = None
    ignore_eos: bool = False
    max_tokens: int | None = 16
    min_tokens: int = 0
    logprobs: int | None = None
    prompt_logprobs: int | None = None
    prompt_logprob_token_ids: object = None
    prompt_logprob_start: int | None = None
    logprob_token_ids: list | None = None
    flat_logprobs: bool = False
    detokenize: bool = True
    skip_special_tokens: bool = True
    spaces_between_special_tokens: bool = True
    include_stop_str_in_output: bool = False
    output_kind: object = None
    stream_interval: int | None = None
    skip_clone: bool = False
    structured_outputs: object = None
    logit_bias: dict | None = None
    allowed_token_ids: list | None = None
    extra_args: dict | None = None
    bad_words: list | None = None
    skip_reading_prefix_cache: bool | None = None
    thinking_token_budget: int | None = None
    repetition_detection: object = None
    routed_experts_prompt_start: int = 0
    trace_decode_token_ids: list | None = None

    def __post_init__(self):
        assert isinstance(self.n, int) and self.n >= 1
        assert math.isfinite(self.temperature) and 0 <= self.temperature <= 2
        assert 0 < self.top_p <= 1 and isinstance(self.top_k, int) and self.top_k >= -1 and 0 <= self.min_p <= 1
        assert self.max_tokens is None or self.max_tokens >= 1
        assert self.seed is None or 0 <= self.seed < 2**63 - self.n
        assert all(isinstance(number, int) for number in self.stop_token_ids or [])
        assert all(-100 <= bias <= 100 for bias in (self.logit_bias or {}).values())
        if self.temperature < 1e-5:
            assert self.n == 1, "n must be 1 when using greedy sampling"


@dataclass
class Logprob:
    logprob: float
    rank: int | None = None
    decoded_token: str | None = None


@dataclass
class CompletionOutput:
    index: int
    text: str
    token_ids: list
    cumulative_logprob: float | None
    logprobs: list | None
    finish_reason: str | None = None
    stop_reason: object = None


class LLM:
    def __init__(
        self, model, *, runner="auto", convert="auto", tokenizer=None, tokenizer_mode="auto", skip_tokenizer_init=False,
        trust_remote_code=False, allowed_local_media_path="", allowed_media_domains=None, tensor_parallel_size=1,
        dtype="auto", quantization=None, revision=None, tokenizer_revision=None, chat_template=None, seed=0,
        gpu_memory_utilization=0.92, cpu_offload_gb=0, offload_group_size=0, offload_num_in_group=1,
        offload_prefetch_step=1, offload_params=None, enforce_eager=False, enable_return_routed_experts=False,
        return_sampling_mask=False, disable_custom_all_reduce=False, hf_token=None, hf_overrides=None,
        mm_processor_kwargs=None, pooler_config=None, structured_outputs_config=None, profiler_config=None,
        attention_config=None, kv_cache_memory_bytes=None, compilation_config=None, quantization_config=None,
        logits_processors=None, spec_method=None, spec_model=None, spec_tokens=None, **kwargs,
    ):  # fmt: skip
        assert set(kwargs) <= ENGINE_ARGUMENTS, f"unexpected keyword arguments {set(kwargs) - ENGINE_ARGUMENTS}"
        assert dtype in ("auto", "half", "float16", "bfloat16", "float", "float32")
        assert kwargs["distributed_executor_backend"] in ("ray", "mp", "uni", "external_launcher")
        assert kwargs["logprobs_mode"] == "processed_logprobs" and kwargs["enable_sleep_mode"] is True
        self.arguments = {"model": model, "dtype": dtype, "gpu_memory_utilization": gpu_memory_utilization, **kwargs}
        self.model, self.processor = load_model(Path(model), dtype), load_processor(Path(model))
        self.sleeping, self.calls, self.cached = set(), [], False

    def sleep(self, level=1, mode="abort"):
        assert level in (0, 1, 2) and mode in ("abort", "wait", "keep")
        assert not self.sleeping, "already asleep"
        self.sleeping = {"weights", "kv_cache"} if level else set()
        self.calls.append("sleep")

    def wake_up(self, tags=None):
        tags = list(self.sleeping) if tags is None else tags
        assert isinstance(tags, list) and set(tags) <= self.sleeping, f"{tags} not in sleeping tags {self.sleeping}"
        self.sleeping -= set(tags)
        self.calls.append(f"wake {'+'.join(tags)}")
        return not self.sleeping

    def reset_prefix_cache(self, reset_running_requests=False, reset_connector=False):
        self.cached = False
        self.calls.append("reset_prefix_cache")
        return True

    def collective_rpc(self, method, timeout=None, args=(), kwargs=None):
        return [getattr(self, f"_{method}")(*args, **(kwargs or {}))]

    def _reload_weights(self, weights_iterator=None, weights_path=None, is_checkpoint_format=True):
        assert "weights" not in self.sleeping, "weights are loaded into memory that is asleep"
        self.model.load_state_dict(dict(weights_iterator), strict=True)
        self.calls.append("reload_weights")

    def generate(
        self, prompts, sampling_params=None, *, use_tqdm=True, lora_request=None, priority=None,
        tokenization_kwargs=None, mm_processor_kwargs=None,
    ):  # fmt: skip
        assert not self.sleeping, f"{self.sleeping} is asleep"
        assert not self.cached, "the prefix cache is of other weights"
        assert len(prompts) == len(sampling_params)
        self.calls.append(f"generate {len(prompts)}")
        return [self._answer(prompt, own) for prompt, own in zip(prompts, sampling_params, strict=True)]

    def _answer(self, prompt, params):
        assert set(prompt) <= {"prompt_token_ids", "multi_modal_data", "mm_processor_kwargs", "cache_salt"}
        ids, media = self._expand(prompt["prompt_token_ids"], prompt.get("multi_modal_data", {}).get("image", []))
        outputs = [self._sample(ids, media, params, index) for index in range(params.n)]
        return SimpleNamespace(request_id="0", prompt=None, prompt_token_ids=ids, outputs=outputs, finished=True)

    def _expand(self, ids, images):
        """Every placeholder becomes as many as its picture has tokens, as Qwen2VLMultiModalProcessor replaces it."""
        limit = self.arguments["limit_mm_per_prompt"].get("image", 999)
        assert len(images) <= limit, f"At most {limit} image(s) may be provided in one prompt"
        if not images:
            return ids, {}
        inputs = self.processor.image_processor(images, return_tensors="pt")
        counts = iter(inputs["image_grid_thw"].prod(1) // self.processor.image_processor.merge_size**2)
        placeholder = self.model.config.image_token_id
        expanded = [token for one in ids for token in [one] * (int(next(counts, 1)) if one == placeholder else 1)]
        return expanded, dict(inputs)

    @torch.no_grad()
    def _sample(self, prompt, media, params, index):
        generator = torch.Generator().manual_seed(params.seed + index)
        tokens, logprobs, reason = [], [], "length"
        ends = {self.model.generation_config.eos_token_id, *params.stop_token_ids}
        while len(tokens) < params.max_tokens and reason != "stop":
            ids = torch.tensor([prompt + tokens])
            types = (ids == self.model.config.image_token_id).int()
            self.model.model.rope_deltas = None
            logits = self.model(input_ids=ids, mm_token_type_ids=types, use_cache=False, **media).logits[0, -1].float()
            for token, bias in (params.logit_bias or {}).items():
                logits[token] += bias
            if params.temperature:
                logits = self._filtered(logits / params.temperature, params)
            chosen = logits.log_softmax(-1)
            drawn = int(torch.multinomial(chosen.exp(), 1, generator=generator)) if params.temperature else None
            tokens.append(int(chosen.argmax()) if drawn is None else drawn)
            logprobs.append({tokens[-1]: Logprob(logprob=float(chosen[tokens[-1]]), rank=1)})
            reason = "stop" if tokens[-1] in ends else "length"
        kept = logprobs if params.logprobs is not None else None
        return CompletionOutput(index, "", tokens, sum(next(iter(e.values())).logprob for e in logprobs), kept, reason)

    def _filtered(self, logits, params):
        probabilities = logits.softmax(-1)
        logits = logits.masked_fill(probabilities < params.min_p * probabilities.max(), -math.inf)
        if params.top_k > 0:
            logits = logits.masked_fill(logits < logits.topk(params.top_k).values[-1], -math.inf)
        ordered, order = logits.softmax(-1).sort(descending=True)
        excess = order[ordered.cumsum(-1) - ordered >= params.top_p]
        logits[excess] = -math.inf
        return logits

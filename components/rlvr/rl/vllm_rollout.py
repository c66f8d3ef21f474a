"""Rollout with vLLM in the training process: it sleeps while the policy is updated and takes over its weights.

NOT RUN AGAINST A REAL vLLM: written from the sources of vLLM 0.33.0 and tested with a stand-in that has its signatures.
vLLM's log-probs are those of what it sampled from, filters included and in its own precision, so they differ from the
trainer's; the trainer computes its own and corrects for the difference (`rlvr.rl.importance`).
"""

import hashlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from rlvr.errors import RlvrError
from rlvr.rl.encoding import EncodedPrompt
from rlvr.rl.policy import Features, Prefix
from rlvr.rl.rollout import Completion, Rollout
from rlvr.rl.world import world
from rlvr.training import Sampling

SUPPRESSED = -100.0
"""Logit bias of tokens that may not be drawn, the least that vLLM's interface allows."""

MEMORY = ("weights", "kv_cache")
"""What vLLM gives up when it sleeps, by the tags it wakes up by."""


class VllmRollout(Rollout):
    """A `Rollout` whose tokens come from vLLM; each process of the stage has an engine of its own on its own GPU."""

    def __init__(
        self,
        model: Any,
        processor: Any,
        folder: Path,
        *,
        precision: str,
        max_tokens: int | None = None,
        pictures: int = 1,
        memory: float = 0.3,
    ) -> None:
        """`model`, `processor`: the policy and the stage's processor; `folder`: the checkpoint that vLLM starts from.

        `max_tokens` of prompt and completion together (None: the model's own limit) and `pictures` a prompt at most set
        how much vLLM reserves; `memory` is its share of the GPU while it is awake.
        """
        super().__init__(model, processor.tokenizer)
        vllm = _import_vllm()
        self.parameters = vllm.SamplingParams
        checkpoint = Path(tempfile.mkdtemp(prefix="rlvr-vllm-"))
        weakref.finalize(self, shutil.rmtree, checkpoint, ignore_errors=True)
        for file in folder.resolve().iterdir():
            (checkpoint / file.name).symlink_to(file)
        _save_over(processor, checkpoint)  # with the stage's limits of a picture's size
        self.engine = vllm.LLM(
            model=str(checkpoint),
            dtype=precision,
            max_model_len=max_tokens,
            limit_mm_per_prompt={"image": pictures, "video": 0},
            gpu_memory_utilization=memory,
            enable_sleep_mode=True,
            logprobs_mode="processed_logprobs",
            distributed_executor_backend="external_launcher" if world().size > 1 else "uni",
        )
        self._sleep()

    def update_weights(self, named: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Take over all weights of the policy, under the names of its checkpoint format (adapters merged)."""
        self._wake("weights")
        self.engine.collective_rpc("reload_weights", kwargs={"weights_iterator": iter(named)})
        self.engine.reset_prefix_cache()

    def generate(
        self,
        prompts: Sequence[EncodedPrompt],
        group_size: int,
        sampling: Sampling,
        *,
        seed: int = 0,
        step: int | str = 0,
        before: Sequence[int] | None = None,
        starts: Sequence[Sequence[torch.Tensor]] | None = None,
        features: Features | None = None,
        prefix: Prefix | None = None,
    ) -> list[list[Completion]]:
        """`group_size` completions for each prompt, in order; one request a prompt, so it is prefilled once.

        `before` are the numbers at which each prompt's samples begin to count. `starts` are tokens that each completion
        already begins with (one request each). `features` and `prefix` are not used, for vLLM reads prompts itself.
        """
        nothing = torch.zeros(0, dtype=torch.long)
        requests, parameters, owners = [], [], []
        for owner, prompt in enumerate(prompts):
            first = _seed(f"{seed}/{step}/{prompt.row_id}") + (before[owner] if before else 0)
            for sample, start in enumerate([nothing] if starts is None else starts[owner]):
                requests.append(_request(prompt, start))
                parameters.append(self._parameters(sampling, group_size if starts is None else 1, first + sample))
                owners.append((owner, start))
        self._wake(*MEMORY)
        outputs = self.engine.generate(requests, parameters, use_tqdm=False)
        self._sleep()
        groups: list[list[Completion]] = [[] for _ in prompts]
        for output, (owner, start) in zip(outputs, owners, strict=True):
            _require_same_prompt(output, prompts[owner], start)
            drawn = [_completion(each, prompts[owner]) for each in output.outputs]
            copies = group_size if starts is None and sampling.temperature == 0 else 1
            groups[owner].extend(drawn * copies)
        return groups

    def _parameters(self, sampling: Sampling, count: int, seed: int) -> Any:
        """Of a request; vLLM draws its sample i with the seed plus i, and refuses several greedy samples."""
        return self.parameters(
            n=count if sampling.temperature else 1,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            min_p=sampling.min_p,
            seed=seed,
            max_tokens=sampling.max_new_tokens,
            stop_token_ids=[*self.ends.tolist(), *self._stops(sampling).tolist()],
            logit_bias=dict.fromkeys(self.suppressed, SUPPRESSED),
            logprobs=0,  # of the sampled token alone
            detokenize=False,
        )

    def _wake(self, *tags: str) -> None:
        """Bring back those of the tags that are asleep; vLLM does nothing at all when one of them is not."""
        if asleep := [tag for tag in tags if tag in self.asleep]:
            self.engine.wake_up(tags=asleep)
            self.asleep -= set(asleep)

    def _sleep(self) -> None:
        """Level 1 keeps the weights in host memory, so that generating again without new ones is right, too."""
        self.engine.sleep(level=1)
        self.asleep = set(MEMORY)


def _import_vllm() -> Any:
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # weights are handed over as tensors of this process
    try:
        import vllm
    except ImportError as error:
        raise RlvrError(
            f"The stage's rollout is vllm, and vLLM cannot be imported ({error}). Install a vLLM built for this torch "
            f"and CUDA, or set rollout to transformers."
        ) from error
    return vllm


def _seed(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 2  # room below 2^63 to count samples


def _save_over(processor: Any, folder: Path) -> None:
    """Write the processor's files to `folder`, in place of links and not through them."""
    with tempfile.TemporaryDirectory() as name:
        processor.save_pretrained(name)
        for file in Path(name).iterdir():
            (folder / file.name).unlink(missing_ok=True)
            shutil.move(file, folder / file.name)


def _request(prompt: EncodedPrompt, start: torch.Tensor) -> dict[str, Any]:
    """A `TokensPrompt`; vLLM puts in a picture's placeholders itself, so each run of them becomes one."""
    if prompt.videos:
        raise RlvrError(f"Row {prompt.row_id} has a video; vLLM is given pictures only. Set rollout to transformers.")
    picture = prompt.token_types == 1
    follows = torch.cat([picture.new_zeros(1), picture[:-1]])
    ids = torch.cat([prompt.ids[~(picture & follows)], start])
    request: dict[str, Any] = {"prompt_token_ids": ids.tolist()}
    if prompt.images:
        request["multi_modal_data"] = {"image": list(prompt.images)}
    return request


def _require_same_prompt(output: Any, prompt: EncodedPrompt, start: torch.Tensor) -> None:
    if list(output.prompt_token_ids) != [*prompt.ids.tolist(), *start.tolist()]:
        raise RlvrError(
            f"Row {prompt.row_id}: vLLM reads the prompt as {len(output.prompt_token_ids)} tokens that are not the "
            f"{len(prompt.ids) + len(start)} that training sees; its processor differs. Set rollout to transformers."
        )


def _completion(output: Any, prompt: EncodedPrompt) -> Completion:
    if output.finish_reason not in ("stop", "length"):
        raise RlvrError(f"Row {prompt.row_id}: vLLM ended a completion with {output.finish_reason!r}; run it again.")
    chosen = [entry[token].logprob for token, entry in zip(output.token_ids, output.logprobs, strict=True)]
    return Completion(
        ids=torch.tensor(list(output.token_ids), dtype=torch.long),
        logprobs=torch.tensor(chosen, dtype=torch.float32),
        truncated=output.finish_reason == "length",
    )

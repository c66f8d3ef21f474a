"""TRL's GRPOTrainer on the same workload: its own loop, its methods timed where they stand."""

from pathlib import Path
from typing import Any

import torch
from clock import Clock
from workload import Workload

from rlvr.backbones.checkpoint import load_processor, quiet_transformers


class Theirs:
    """TRL on one workload. `run` takes steps; times go to `clock`.

    TRL's processor runs on all G copies of a picture, once for the rollout and once more for scoring. Its forward pass
    also computes the entropy of each token, and on a CPU its head scores the prompt's positions too.
    """

    def __init__(self, workload: Workload, folder: Path, steps: int, scratch: Path) -> None:
        quiet_transformers()
        from datasets import Dataset, disable_progress_bars
        from transformers import PrinterCallback
        from trl import GRPOConfig, GRPOTrainer

        disable_progress_bars()
        self.clock = Clock()
        gpu = torch.cuda.is_available()
        batch = workload.prompts * workload.group_size
        rows = [
            {"prompt": [{"role": "user", "content": workload.question}], "image": workload.picture(number)}
            for number in range(steps * workload.prompts)
        ]
        self.trainer = GRPOTrainer(
            model=str(folder),
            processing_class=load_processor(folder),
            reward_funcs=reward,
            train_dataset=Dataset.from_list(rows),
            args=GRPOConfig(
                output_dir=str(scratch),
                per_device_train_batch_size=batch,
                gradient_accumulation_steps=1,
                num_generations=workload.group_size,
                max_completion_length=workload.new_tokens,
                generation_kwargs={"min_new_tokens": workload.new_tokens},
                max_steps=steps,
                shuffle_dataset=False,
                beta=workload.beta,
                loss_type="grpo",
                learning_rate=1e-6,
                use_cpu=not gpu,
                bf16=workload.precision == "bfloat16",
                gradient_checkpointing=False,
                model_init_kwargs={"dtype": workload.precision},
                logging_strategy="no",
                save_strategy="no",
                report_to=[],
                disable_tqdm=True,
            ),
        )
        self.visual = [self.trainer.model.model.visual]
        if self.trainer.ref_model is not None:
            self.visual.append(self.trainer.accelerator.unwrap_model(self.trainer.ref_model).model.visual)
        self.trainer.remove_callback(PrinterCallback)
        self._measure(self.trainer)

    def run(self) -> None:
        """All steps."""
        self.trainer.train()

    def _measure(self, trainer: Any) -> None:
        score = trainer._get_per_token_logps_and_entropies

        def scored(model: Any, *args: Any, **kwargs: Any) -> Any:
            if model is not trainer.ref_model:
                return score(model, *args, **kwargs)
            with self.clock("reference"):
                return score(model, *args, **kwargs)

        trainer._get_per_token_logps_and_entropies = scored
        trainer._generate = self.clock.timed("rollout", trainer._generate)
        trainer.compute_loss = self.clock.timed("forward", trainer.compute_loss)
        trainer.accelerator.backward = self.clock.timed("backward", trainer.accelerator.backward)
        trainer.training_step = self.clock.timed("step", trainer.training_step)


def reward(completions: list[Any], **_: Any) -> list[float]:
    """Some number a completion, the cost of which is nothing."""
    return [float(len(str(completion)) % 7) for completion in completions]

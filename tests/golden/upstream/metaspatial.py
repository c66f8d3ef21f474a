"""Adapters for MetaSpatial's physics, format, judge parsing, total and multi-turn reward, and verl's advantage.

Rows name scenes by id; `metaspatial_scenes.json` holds them.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from shapes import Adapter, Inputs

from rlvr.rewards.layout import collisions, constraints, grades, score
from rlvr.rewards.layout.answer import format_share, read
from rlvr.rewards.layout.relations import allowed
from rlvr.rewards.layout.scene import RAISED, Scene, rotation
from rlvr.rl.advantages import advantages
from rlvr.rl.refinement import discounted_return
from rlvr.training import Advantage

SCENES: dict[str, Scene] = json.loads((Path(__file__).parent.parent / "metaspatial_scenes.json").read_text())


def measured(function: Callable[[Inputs], Any]) -> Adapter:
    """None where ours raises what stands for upstream's exceptions."""

    def result(inputs: Inputs) -> Any:
        try:
            return function(inputs)
        except RAISED:
            return None

    return result


def relation(preposition: str) -> Adapter:
    return measured(
        lambda inputs: allowed(
            preposition,
            inputs["obj_A"],
            inputs["obj_B"],
            inputs["is_adjacent"],
            inputs["is_on_floor"],
            inputs["room_dimensions"],
        )
    )


def real(thing: Any) -> Any:
    """A thing whose NaN coordinate was written as text."""
    position = {axis: float("nan") if value == "nan" else value for axis, value in thing["position"].items()}
    return {**thing, "position": position}


def format_reward(inputs: Inputs) -> float | None:
    """Upstream raises when it looks up the number of objects of an unknown room."""
    share = format_share(inputs["completion"], inputs["num_objects"])
    return share if inputs["room"] in SCENES or share <= 0.1 else None


def extracted(inputs: Inputs) -> Any:
    return shown(read(inputs["completion"]))


def shown(value: Any) -> Any:
    """JSON as the rows show it: NaN and infinities as text."""
    if isinstance(value, list):
        return [shown(one) for one in value]
    if isinstance(value, dict):
        return {key: shown(one) for key, one in value.items()}
    return str(value) if isinstance(value, float) and (value != value or abs(value) == float("inf")) else value


def judged(inputs: Inputs) -> dict[str, dict[str, float]]:
    """One evaluation's mean and standard deviation, which is grade - grade (NaN for an infinite grade)."""
    return {
        aspect: {"mean": 0, "std": 0} if grade is None else {"mean": round(grade / 1, 2), "std": grade - grade}
        for aspect, grade in grades.upstream(inputs["reply"]).items()
    }


def room_and_scene(inputs: Inputs) -> tuple[Any, Scene | None]:
    """Size of the room, and its scene unless there is none of that name."""
    truth = json.loads(inputs["ground_truth"])
    return truth["size_of_room"], SCENES.get(truth["room_name"])


def total(inputs: Inputs) -> float | None:
    size, scene = room_and_scene(inputs)
    return score.total(inputs["completion"], scene, size, inputs["judge_means"])


def judge_reward(inputs: Inputs) -> float | str:
    _, scene = room_and_scene(inputs)
    result = score.attempt(inputs["completion"], scene)
    return "grades" if isinstance(result, list) else result


def grpo_advantage(inputs: Inputs) -> list[list[float]]:
    settings = Advantage(scale="group_std", epsilon=1e-6, ddof=1, lone="reward")
    rewards = torch.tensor(inputs["token_level_rewards"]).sum(1)
    values = torch.zeros(len(rewards))
    for group in sorted(set(inputs["index"])):
        members = torch.tensor([name == group for name in inputs["index"]])
        values[members] = advantages(rewards[members][None], settings)[0]
    return (values[:, None] * torch.tensor(inputs["eos_mask"])).tolist()


ADAPTERS = {
    "is_collision_3d": measured(lambda inputs: collisions.collide(real(inputs["obj1"]), real(inputs["obj2"]))),
    "check_collisions": measured(lambda inputs: collisions.ratio(inputs["scene_graph"])),
    "get_on_constraint": relation("on"),
    "get_under_contraint": relation("under"),
    "get_left_of_constraint": relation("left of"),
    "get_right_of_constraint": relation("right of"),
    "get_in_front_constraint": relation("in front"),
    "get_behind_constraint": relation("behind"),
    "get_above_constraint": relation("above"),
    "get_in_corner_constraint": relation("in the corner"),
    "get_rotation": measured(lambda inputs: rotation(inputs["obj"], inputs["scene_graph"])),
    "check_constraints": measured(lambda inputs: constraints.ratio(inputs["scene_graph"], inputs["room_dimensions"])),
    "metaverse_format_reward": measured(format_reward),
    "extract_json_from_text": measured(extracted),
    "gpt4o_evaluate_rooms": measured(judged),
    "metaverse_compute_score": total,
    "metaverse_gpt4_reward": measured(judge_reward),
    "compute_discounted_reward": measured(lambda inputs: discounted_return(inputs["rewards"], inputs["gamma"])),
    "compute_grpo_outcome_advantage": grpo_advantage,
}

"""Metrics of sets, sequences and dicts. Rules: MEGA-Bench, metrics/scoring."""

from collections.abc import Callable, Hashable
from typing import Any

from rlvr.scoring.mega_bench.texts import exact
from rlvr.scoring.mega_bench.values import items, mapping, members

_DROPPED = str.maketrans("", "", " -\n\t_.")


def same_set(said: Any, truth: Any) -> float:
    """The same elements."""
    return float(members(said) == members(truth))


def same_set_any_case(said: Any, truth: Any) -> float:
    """The same elements but for case."""
    return float(_lowered(members(said)) == _lowered(members(truth)))


def same_lines(said: Any, truth: Any) -> float:
    """The same lines in any order, but for case."""
    one, other = (set(str(text).replace("\\n", "\n").lower().split("\n")) for text in (said, truth))
    return float(one == other)


def precision(said: Any, truth: Any) -> float:
    """Share of the given elements that are true; 1 for none given."""
    given = members(said)
    return len(given & members(truth)) / len(given) if given else 1.0


def jaccard(said: Any, truth: Any) -> float:
    """Elements in both over elements in either; 1 where there are none."""
    return _shared(members(said), members(truth))


def jaccard_any_case(said: Any, truth: Any) -> float:
    """The same but for case, and inside tuples but for spaces and hyphens."""
    return _shared({_folded(item) for item in members(said)}, {_folded(item) for item in members(truth)})


def chess_moves(said: Any, truth: Any) -> float:
    """`jaccard` of moves without their marks of check and mate."""
    one, other = ({str(move).removesuffix("!").removesuffix("#") for move in items(value)} for value in (said, truth))
    return _shared(one, other)


def same_sequence(said: Any, truth: Any) -> float:
    """The same elements in the same order."""
    return float(items(str(said)) == items(str(truth)))


def same_sequence_any_case(said: Any, truth: Any) -> float:
    """The same but for case."""
    return float([str(item).lower() for item in items(str(said))] == [str(item).lower() for item in items(str(truth))])


def sequence_accuracy(said: Any, truth: Any) -> float:
    """Share of places with the right element, but for case; 0 for another length."""
    one, other = items(said), items(truth)
    if len(one) != len(other) or not other:
        return 0.0
    right = [_folded_text(given) == _folded_text(true) for given, true in zip(one, other, strict=True)]
    return float(sum(map(bool, right))) / len(other)


def common_prefix(said: Any, truth: Any) -> float:
    """Length of the right beginning over the length of the true list."""
    one, other = items(said), items(truth)
    length = 0
    for given, true in zip(one, other, strict=False):
        if given != true:
            break
        length += 1
    return length / len(other) if other else float(not one)


def same_dict(said: Any, truth: Any) -> float:
    """The same keys with the same values."""
    given = mapping(said)
    return float(given is not None and given == mapping(truth))


def dict_precision(said: Any, truth: Any) -> float:
    """Share of the given keys whose value is right."""
    given, wanted = mapping(said), mapping(truth) or {}
    if not given:
        return 0.0
    return sum(exact(value, wanted[key]) for key, value in given.items() if key in wanted) / len(given)


def dict_recall(said: Any, truth: Any) -> float:
    """Share of the true keys whose value is right."""
    given, wanted = mapping(said), mapping(truth) or {}
    if given is None or not wanted:
        return 0.0
    return sum(exact(given.get(key), value) for key, value in wanted.items()) / len(wanted)


def by_key(metric: Callable[[Any, Any], float], said: Any, truth: Any) -> float:
    """Mean of a metric over the keys of both dicts; a key that one lacks counts as an empty list there."""
    given, wanted = mapping(said), mapping(truth) or {}
    keys = {*(given or {}), *wanted}
    if given is None or not keys:
        return 0.0
    return sum(metric(given.get(key, []), wanted.get(key, [])) for key in keys) / len(keys)


def dict_jaccard(said: Any, truth: Any) -> float:
    """`jaccard` by key."""
    return by_key(jaccard, said, truth)


def dict_same_set(said: Any, truth: Any) -> float:
    """`same_set` by key."""
    return by_key(same_set, said, truth)


def _shared(one: set[Any], other: set[Any]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0


def _lowered(elements: set[Hashable]) -> set[Hashable]:
    return {item.lower() if isinstance(item, str) else item for item in elements}


def _folded(item: Hashable) -> Hashable:
    if isinstance(item, tuple):
        return tuple(str(part).lower().translate(_DROPPED) for part in item)
    return str(item).lower()


def _folded_text(item: Any) -> Any:
    return item.lower() if isinstance(item, str) else item

"""MEGA-Bench's metrics by name: those that a rule can score, and why the others cannot be."""

from collections.abc import Callable, Mapping
from typing import Any

from rlvr.scoring.mega_bench import collections, places, texts

Metric = Callable[[Any, Any], float | None]
"""`f(said, truth)`: a score in [0, 1], or None where the field does not count."""

METRICS: Mapping[str, Metric] = {
    "angle_seq_float_rmse": places.error_of_angles,
    "boxed_single_numerical_match": texts.boxed_number,
    "chess_move_list_jaccard_index": collections.chess_moves,
    "code_result_exact_str_match": texts.code_result,
    "dict_equality": collections.same_dict,
    "dict_exact_str_match_agg_recall": collections.dict_recall,
    "dict_jaccard_agg_jaccard": collections.dict_jaccard,
    "dict_nbbox_iou_tuple_agg_jaccard": places.dict_best_overlaps,
    "dict_precision": collections.dict_precision,
    "dict_set_equality_agg_jaccard": collections.dict_same_set,
    "exact_str_match": texts.exact,
    "exact_str_match_case_insensitive": texts.exact_any_case,
    "general_single_numerical_match": texts.number,
    "jaccard_index": collections.jaccard,
    "jaccard_index_case_insensitive": collections.jaccard_any_case,
    "latex_expr_equality": texts.formula,
    "longest_common_list_prefix_ratio": collections.common_prefix,
    "multi_ref_phrase": texts.any_reference,
    "nbbox_iou_sequence": places.overlaps_in_order,
    "nbbox_iou_single": places.overlap,
    "nbbox_iou_tuple": places.best_overlaps,
    "near_str_match": texts.near,
    "normalized_rmse": places.error_of_number,
    "normalized_similarity_damerau_levenshtein": texts.similarity,
    "number_rel_diff_ratio": texts.relative_difference,
    "positive_int_match": texts.positive_integer,
    "sequence_accuracy_case_insensitive": collections.sequence_accuracy,
    "sequence_coords_similarity": places.key_points,
    "sequence_equality": collections.same_sequence,
    "sequence_equality_case_insensitive": collections.same_sequence_any_case,
    "set_equality": collections.same_set,
    "set_equality_case_insensitive": collections.same_set_any_case,
    "set_precision": collections.precision,
    "simple_str_match": texts.simple,
    "str_set_equality_comma": collections.same_set_any_case,
    "str_set_equality_line_break": collections.same_lines,
    "text_with_latex_expr_equality": texts.text_and_formula,
    "xml_nbbox_iou_single": places.tagged_overlap,
    "xml_norm_point_distance": places.point_distance,
    "xml_norm_point_in_bbox": places.point_in_boxes,
}
"""Forty metrics; `xml_norm_point_in_bbox` reads the boxes of the row's context instead of its answer."""

UNSCORED: Mapping[str, str] = {
    "ascii_art_gpt4o_judge": "a language model judges it",
    "bleu": "its tokeniser is not among the rules here",
    "constrained_generation": "it needs a pronouncing dictionary and a lemmatiser",
    "geo_proximity_location_dict": "it asks a geocoder",
    "gleu_cn": "its tokeniser is not among the rules here",
    "gpt_4o_as_judge": "a language model judges it",
    "nli_entailment": "a language model judges it",
    "program_judge": "it runs the model's programs",
    "symbolic_planning_test": "it runs a planner",
    "unsupported": "upstream scores it with nothing",
}
"""Metrics without a rule here -> why; rows with such a field are left out."""

JUDGED = frozenset(name for name, reason in UNSCORED.items() if "language model" in reason)
"""Metrics that need a judge."""

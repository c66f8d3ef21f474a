"""Loads what stages load, once, for processes that are forked from this one."""

import great_expectations  # noqa: F401
import kfp.dsl  # noqa: F401

from rlvr.backbones.checkpoint import quiet_transformers

quiet_transformers()

import transformers.models.qwen2_5_vl.modeling_qwen2_5_vl  # noqa: E402, F401
import transformers.models.qwen2_5_vl.processing_qwen2_5_vl  # noqa: E402, F401

import rlvr.backbones.tiny  # noqa: E402, F401
import rlvr.data.verify  # noqa: E402, F401
import rlvr.evaluate  # noqa: E402, F401
import rlvr.report.stage  # noqa: E402, F401
import rlvr.rl.train  # noqa: E402, F401
import rlvr.sft  # noqa: E402, F401

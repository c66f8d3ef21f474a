"""Hera's models of Argo's resources."""

from functools import cache
from typing import Any


@cache
def models() -> Any:
    """The module of Hera's models.

    Importing Hera changes how PyYAML writes texts everywhere, so that a pipeline compiled afterwards would have other
    bytes; that is taken back.
    """
    import yaml

    kept = [(kind, kind.yaml_representers[str]) for kind in (yaml.Dumper, yaml.representer.SafeRepresenter)]
    from hera.workflows import models as found

    for kind, representer in kept:
        kind.add_representer(str, representer)
    return found

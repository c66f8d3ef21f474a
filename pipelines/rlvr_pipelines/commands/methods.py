"""`rlvr methods`."""

from rlvr_pipelines.terminal import Console


def methods() -> None:
    """List the methods and their variants."""
    from rlvr_pipelines.methods import FAMILIES
    from rlvr_pipelines.show import table

    Console().print(table(list(FAMILIES.values())))

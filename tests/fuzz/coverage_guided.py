"""The same readers under atheris, which looks for texts that reach new code; it is no dependency and rarely installs.

python tests/fuzz/coverage_guided.py TARGET [options of libFuzzer, e.g. -max_total_time=600]
"""

import sys


def main(arguments: list[str]) -> None:
    """Fuzz one target until something breaks or time is over."""
    try:
        import atheris
    except ModuleNotFoundError:
        sys.exit("atheris is not installed: python -m pip install atheris. `make fuzz` works without it.")
    with atheris.instrument_imports(include=["rlvr", "rlvr_pipelines"]):
        from text_targets import TARGETS, run
    if not arguments or arguments[0] not in TARGETS:
        sys.exit(f"Name one of: {', '.join(TARGETS)}.")
    name, *options = arguments

    def one(data: bytes) -> None:
        run(name, data.decode("utf-8", "surrogateescape"))

    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])

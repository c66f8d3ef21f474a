"""What `rlvr plan` does: print the plan, and the way out where something does not fit."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from rlvr.errors import RlvrError
from rlvr.method import Method
from rlvr.plan.fits import alternatives, in_words
from rlvr.plan.method_plan import Setting, plan_method
from rlvr.plan.profile_lines import profile_text
from rlvr.plan.proposals import Proposal
from rlvr_pipelines.plan_view import as_json, print_plan


def run(
    method: Method, profile: str, setting: Setting, console: Console, *, write: Path | None = None, json: bool = False
) -> bool:
    """Whether the method fits; prints the plan and, where it does not, the nearest that does.

    `write` names a file for that profile. `json` prints one object instead, with the proposals in it.
    """
    plans = plan_method(method, setting)
    fits = all(plan.fits for plan in plans)
    found, other = (None, None) if fits else alternatives(method, setting)
    if json:
        from json import dumps

        proposed = {
            key: None
            if proposal is None
            else {"gpu": proposal.setting.train.gpu.name, "profile": profile_text(proposal.changes, profile)}
            for key, proposal in (("nearest", found), ("larger_gpu", other))
        }
        print(dumps({**as_json(method, profile, plans), **({} if fits else proposed)}, indent=2))
    else:
        print_plan(method, profile, setting, plans, console)
        if fits:
            console.print("\n[green]Everything fits.[/green]")
        else:
            console.print("\n[red]This does not fit:[/red]")
            for plan in plans:
                for reason in plan.lacking:
                    console.print(escape(reason))
            console.print()
            console.print(escape(in_words(found, other, profile)), soft_wrap=True)
    if write is not None and not fits:
        _write(write, found or other, profile)
        if not json:
            console.print(f"Written: [bold]{escape(str(write))}[/bold]", soft_wrap=True)
    return fits


def _write(path: Path, proposal: Proposal | None, profile: str) -> None:
    if path.suffix != ".toml":
        raise RlvrError(f"--write {path}: the file of a profile ends in .toml.")
    if proposal is None or not proposal.changes:
        raise RlvrError(f"Nothing was written to {path}: no change of the profile makes the method fit.")
    extends = str(Path(profile).resolve()) if profile.endswith(".toml") else profile
    path.write_text(profile_text(proposal.changes, extends), encoding="utf-8")

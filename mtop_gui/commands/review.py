"""``mtop review``: what reviewers decided, out of a store and into it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from mtop_gui.core.catalogue import CatalogueRow, predicted_row
from mtop_gui.core.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.decision import Decision
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.store.review_store import ReviewStore
    from mtop_gui.store.vi_formats import ViFormat


def say(sentence: str) -> None:
    """Tell the user what was done; stdout is for what other programs read."""
    print(sentence, file=sys.stderr)


def export(
    store_url: str,
    output: Path,
    *,
    reviewer: str | None,
    entropy_threshold: float,
    form: str | None = None,
    any_scale: bool = False,
) -> None:
    """Write every Spectrum that has a standing Decision, as a catalogue or as another program's file.

    Parameters
    ----------
    form : "desi", "marz" or "catalogue"; None to tell by the file's name.
    any_scale : for another program's file, write the values of other quality scales too, as they are.

    Raises
    ------
    MtopError : the store cannot be read, or the file cannot be written.
    """
    from mtop_gui.store.review_store import open_store
    from mtop_gui.store.vi_formats import format_of_name

    other = format_of_name(output, form)
    with open_store(store_url, read_only=True) as store:
        if other is not None:
            _export_to(other, store, output, reviewer, any_scale=any_scale)
            return
        decisions = sorted(store.current_all(reviewer).values(), key=lambda each: (each.file, each.row))
        rows = [_row(store, decision, entropy_threshold) for decision in decisions]
        hashes = {(each.file, each.row): each.content_hash for each in decisions}
        store.export(output, rows, hashes, reviewer=reviewer)
    say(f"{output}: {len(rows)} reviewed spectra")


def _export_to(
    form: ViFormat, store: ReviewStore, output: Path, reviewer: str | None, *, any_scale: bool
) -> None:
    from mtop_gui.store.vi_exchange import export_vi_file

    written, left_out = export_vi_file(store, output, form, reviewer=reviewer, any_scale=any_scale)
    say(f"{output}: {written} decisions")
    if left_out:
        say(
            f"{left_out} decisions were left out: they are not on the quality scale {form.scale}, and values are never "
            "converted; --any-scale writes them as they are."
        )


def import_decisions(store_url: str, path: Path, *, reviewer: str | None) -> None:
    """Record the Decisions of a catalogue, a ``.mz`` file or a DESI ``.csv``; those the store already has are left out.

    Raises
    ------
    MtopError : the file holds no Decisions, or the store cannot be written.
    """
    from mtop_gui.store.exchange import import_file
    from mtop_gui.store.review_store import open_store

    with open_store(store_url) as store:
        _pass_on(store.notices)
        taken = import_file(store, path, reviewer=reviewer)
        place = store.place
    say(f"{place}: {taken.recorded} decisions taken over from {path}")
    if taken.unknown:
        say(
            f"{taken.unknown} of its rows name spectra that this store does not know yet, or knows twice: open their "
            "files and run the network first, so that names and spectra are joined."
        )


def merge(store_url: str, output: Path, *, rule: str, conflicts: Path | None) -> None:
    """Merge all reviewers and write the merged Spectra and, beside them, the conflicts.

    Raises
    ------
    MtopError : the store cannot be read, or a table cannot be written.
    """
    from mtop_gui.store.merge_tables import conflicts_beside, write_merged
    from mtop_gui.store.review_store import open_store

    beside = conflicts_beside(output) if conflicts is None else conflicts
    with open_store(store_url, read_only=True) as store:
        try:
            merged, disputed = write_merged(store, rule, output, beside)
        except ValueError as error:
            raise StoreError(f"{error}.") from error
    say(f"{output}: {merged} spectra merged by the rule of {rule}")
    say(f"{beside}: {disputed} spectra on which reviewers disagree")


def assign(store_url: str, reviewers: Sequence[str], *, per_spectrum: int, seed: int) -> None:
    """Share all Spectra that the store knows out over reviewers, and say how much each has.

    Raises
    ------
    MtopError : the store cannot be written.
    """
    from mtop_gui.store.review_store import open_store

    with open_store(store_url) as store:
        _pass_on(store.notices)
        try:
            made = store.assign(store.known_spectra(), reviewers, per_spectrum, seed)
        except ValueError as error:
            raise StoreError(f"{error}.") from error
        say(f"{len(made)} assignments made")
        for name, load in store.workloads().items():
            say(f"{name}: {load.assigned} assigned, {load.decided} decided")


def setup_team(store_url: str, *, script: bool) -> None:
    """Make the reviewers' group role of a PostgreSQL store, or (`script`) print the SQL that does.

    Raises
    ------
    MtopError : no PostgreSQL store, or this user is not its owner.
    """
    from mtop_gui.store.postgres_team import setup_team as run
    from mtop_gui.store.postgres_team import team_script

    if script:
        print(team_script(store_url), end="")
        return
    role, notices = run(store_url)
    _pass_on(notices)
    say(f"members of the role {role} may review now: mtop review {store_url} create-role NAME makes one")


def create_role(store_url: str, name: str, password: str) -> None:
    """Make a role that may insert Decisions, and change or remove none.

    Raises
    ------
    MtopError : no PostgreSQL store, not set up for a team, or this user may not make roles.
    """
    from mtop_gui.store.postgres_team import create_role as run

    new = run(store_url, name, password)
    say(
        f"{name} may review now"
        if new
        else f"{name} was there already and may review now; the password is the old one"
    )


def remember_password(store_url: str, password: str) -> None:
    """Put the password of the URL's user into the desktop's keyring.

    Raises
    ------
    MtopError : no PostgreSQL store, or no keyring.
    """
    from mtop_gui.store.postgres_team import remember

    say(f"the keyring knows the password of {remember(store_url, password)} now")


def _pass_on(notices: Sequence[str]) -> None:
    for notice in notices:
        say(notice)


def _row(store: ReviewStore, decision: Decision, entropy_threshold: float) -> CatalogueRow:
    from mtop_gui.settings import load_settings

    # Kept under the name of the choice where the bundle was chosen per spectrum; the Prediction itself names the one.
    passes = load_settings()[0].mc_passes
    kept = [
        entry
        for entry in store.predictions_of(decision.content_hash)
        if entry.prediction.bundle == decision.bundle
    ]
    prediction = next((entry.prediction for entry in kept if entry.mc_passes == passes), None)
    if prediction is None:
        return CatalogueRow(file=decision.file, row=decision.row, name=decision.name, bundle=decision.bundle)
    # The file itself is not read again, so of the Spectrum there is only where it was.
    place = SimpleNamespace(path=Path(decision.file), row=decision.row, name=decision.name, ra=None, dec=None)
    return predicted_row(cast("Spectrum", place), prediction, entropy_threshold)

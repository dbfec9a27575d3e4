"""The command line: declares commands and options; what they do lies in `mtop_gui.commands`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mtop_gui import __version__
from mtop_gui.commands.terminal import plain_errors

DEFAULT_BUNDLE = "auto"

app = typer.Typer(
    name="mtop",
    help="Vet galaxy redshifts: predict, simulate, train, evaluate, review, or open the window.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
review_app = typer.Typer(
    no_args_is_help=True,
    help="Decisions out of a store and into it; reviewers merged; a team's store set up.",
)
app.add_typer(review_app, name="review")

Paths = Annotated[list[Path], typer.Argument(metavar="PATH", help="Spectrum files, or folders of them.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mtop {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
)
def gui(context: typer.Context) -> None:
    """Open the window (the same as mtop-gui)."""
    from mtop_gui.commands.window import gui as run

    with plain_errors():
        raise typer.Exit(run(context.args))


@app.command()
def predict(
    paths: Paths,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="CATALOGUE",
            help="Catalogue to write: .ecsv .fits .csv .parquet, or FOLDER/ for a Parquet data set.",
        ),
    ],
    bundle: Annotated[str, typer.Option(metavar="NAME|DIR", help="The network.")] = DEFAULT_BUNDLE,
    entropy_threshold: Annotated[
        float, typer.Option(min=0.0, help="Flag redshift PDFs of this natural-log entropy and more.")
    ] = 2.0,
    mc_passes: Annotated[
        int, typer.Option(min=1, help="MC-dropout passes per spectrum; 1 is one deterministic pass.")
    ] = 50,
    jobs: Annotated[
        int, typer.Option(min=1, help="Processes that predict; with less than 256 files, threads that read.")
    ] = min(4, os.cpu_count() or 1),
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Leave the work to the cluster of this Dask scheduler."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a run into the same catalogue was interrupted.")
    ] = False,
    lines: Annotated[
        str | None, typer.Option(metavar="TABLE", help="Also fit the lines of each, into a table beside it.")
    ] = None,
) -> None:
    """Read spectra, predict their redshifts, write a catalogue.

    Exit code: 0 all read, 1 some could not be read (their rows say why), 2 nothing could be done.
    """
    from mtop_gui.commands.predict import predict as run

    with plain_errors():
        code = run(
            paths,
            output,
            bundle=bundle,
            entropy_threshold=entropy_threshold,
            mc_passes=mc_passes,
            jobs=jobs,
            dask=dask,
            resume=resume,
            lines=lines,
        )
    raise typer.Exit(code)


@app.command()
def simulate(
    survey: Annotated[Path, typer.Argument(metavar="SURVEY.h5", help="File to write.")],
    galaxies: Annotated[
        int, typer.Option(min=0, help="How many; 0 adds interlopers to a survey that exists.")
    ],
    instrument: Annotated[str, typer.Option(help="Whose wavelengths and noise.")] = "moons-lr",
    interlopers: Annotated[
        int,
        typer.Option(min=0, help="How many stars, quasars, empty spectra and galaxies of other redshifts."),
    ] = 0,
    seed: Seed = 0,
    fits: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write one observed FITS file per galaxy.")
    ] = None,
) -> None:
    """Make a survey of mock galaxies."""
    from mtop_gui.commands.mocks import simulate as run

    with plain_errors():
        run(survey, instrument=instrument, galaxies=galaxies, seed=seed, fits=fits, interlopers=interlopers)


@app.command()
def train(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SURVEY.h5|CATALOGUE",
            help="A survey made by mtop simulate; with --from also a table of labelled spectra (file, row, z, class, quality, "
            "logmass, logsfr), e.g. of mtop review export.",
        ),
    ],
    bundle_dir: Annotated[
        Path, typer.Option("-o", "--output", metavar="BUNDLE_DIR", help="The bundle's folder.")
    ],
    architecture: Annotated[
        str | None, typer.Option(help="restframe (default) or mtopnet; with --from it is the parent's.")
    ] = None,
    parent: Annotated[
        str | None, typer.Option("--from", metavar="NAME|DIR", help="Train this bundle further: fine-tuning.")
    ] = None,
    survey: Annotated[
        Path | None,
        typer.Option(metavar="SURVEY.h5", help="Mocks beside the labelled spectra: nothing is forgotten."),
    ] = None,
    adapt: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Adapt to these unlabelled spectra, files or folders; may repeat."),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="At most; fewer when validation stops improving; 100, or 10 with --from."),
    ] = None,
    seed: Seed = 0,
    batch_size: Annotated[int, typer.Option(min=1, help="Spectra per step.")] = 64,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
    max_hours: Annotated[
        float | None, typer.Option(min=0, help="Stop before the epoch that would end later than this.")
    ] = None,
) -> None:
    """Train a network on a mock survey, or a bundle further, and write it as a bundle."""
    from mtop_gui.commands.mocks import train as run

    with plain_errors():
        run(
            source,
            bundle_dir,
            architecture=architecture,
            parent=parent,
            survey=survey,
            adapt=adapt or [],
            epochs=epochs,
            seed=seed,
            resume=resume,
            batch_size=batch_size,
            max_hours=max_hours,
        )


@app.command()
def evaluate(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="BUNDLE SURVEY.h5 | [BUNDLE] CATALOGUE TRUTH",
            help="A bundle (name or folder) and a mock survey; or a predicted catalogue and a table of true redshifts "
            "(file, row, z_true, class).",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="REPORT_DIR", help="Folder of the report; made if missing."),
    ],
    galaxies: Annotated[
        int | None, typer.Option(min=1, help="At most so many test galaxies; default all.")
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME|DIR", help="Another bundle on the same spectra; may repeat."),
    ] = None,
    mc_passes: Annotated[int, typer.Option(min=1, help="MC-dropout passes per spectrum.")] = 1,
    entropy_threshold: Annotated[
        float, typer.Option(min=0.0, help="Flag redshift PDFs of this natural-log entropy and more.")
    ] = 2.0,
    seed: Seed = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Threads of χ² and limit.")] = min(4, os.cpu_count() or 1),
    without_chi2: Annotated[
        bool, typer.Option("--without-chi2", help="Leave the classical peer out.")
    ] = False,
    without_limit: Annotated[
        bool, typer.Option("--without-limit", help="Leave the true-template limit out.")
    ] = False,
    without_embedding: Annotated[
        bool, typer.Option("--without-embedding", help="Leave the picture of the embedding out.")
    ] = False,
) -> None:
    """Measure how good redshifts are: report.json, report.html and figures."""
    from mtop_gui.commands.evaluate import evaluate as run

    with plain_errors():
        run(
            sources,
            output,
            galaxies=galaxies,
            baselines=baseline or [],
            mc_passes=mc_passes,
            entropy_threshold=entropy_threshold,
            seed=seed,
            jobs=jobs,
            chi2=not without_chi2,
            limit=not without_limit,
            embedding=not without_embedding,
        )


@review_app.callback()
def _store(
    context: typer.Context,
    store: Annotated[
        str, typer.Argument(metavar="STORE_URL", help="A file, or postgresql://USER@HOST:PORT/DATABASE.")
    ],
) -> None:
    context.obj = store


@review_app.command("export")
def export_reviews(
    context: typer.Context,
    output: Annotated[
        Path, typer.Argument(help="Catalogue to write: .ecsv .fits .csv .parquet; .mz or desi-vi_….csv")
    ],
    reviewer: Annotated[
        str | None, typer.Option(help="Only this reviewer's decisions; else the last by anyone.")
    ] = None,
    entropy_threshold: Annotated[float, typer.Option(min=0.0, help="For the column flagged.")] = 2.0,
    form: Annotated[
        str | None, typer.Option("--format", help="desi, marz or catalogue; else told by the file's name.")
    ] = None,
    any_scale: Annotated[
        bool,
        typer.Option("--any-scale", help="desi, marz: write values of other quality scales as they are."),
    ] = False,
) -> None:
    """Write all reviewed spectra as a catalogue, or for DESI's or Marz's own programs."""
    from mtop_gui.commands.review import export as run

    with plain_errors():
        run(
            context.obj,
            output,
            reviewer=reviewer,
            entropy_threshold=entropy_threshold,
            form=form,
            any_scale=any_scale,
        )


@review_app.command("import")
def import_reviews(
    context: typer.Context,
    catalogue: Annotated[Path, typer.Argument(help="A catalogue written by export, a .mz or a DESI .csv.")],
    reviewer: Annotated[
        str | None, typer.Option(help="Record them under this name instead of the file's.")
    ] = None,
) -> None:
    """Take decisions over from an exported catalogue, or from DESI's or Marz's own programs."""
    from mtop_gui.commands.review import import_decisions as run

    with plain_errors():
        run(context.obj, catalogue, reviewer=reviewer)


@review_app.command("merge")
def merge_reviews(
    context: typer.Context,
    output: Annotated[Path, typer.Argument(help="Table to write: .ecsv .fits .csv .parquet")],
    rules: Annotated[str, typer.Option(help="desi or marz.")] = "desi",
    conflicts: Annotated[
        Path | None, typer.Option(help="Table of the conflicts; else OUTPUT-conflicts beside it.")
    ] = None,
) -> None:
    """Merge all reviewers: one table of what they agree on, one of the conflicts."""
    from mtop_gui.commands.review import merge as run

    with plain_errors():
        run(context.obj, output, rule=rules, conflicts=conflicts)


@review_app.command("assign")
def assign_reviews(
    context: typer.Context,
    reviewers: Annotated[list[str], typer.Argument(metavar="REVIEWER", help="Who shall review.")],
    per_spectrum: Annotated[int, typer.Option(min=1, help="Different reviewers for each spectrum.")] = 1,
    seed: Seed = 0,
) -> None:
    """Share the spectra that the store knows out over reviewers; what is assigned stays."""
    from mtop_gui.commands.review import assign as run

    with plain_errors():
        run(context.obj, reviewers, per_spectrum=per_spectrum, seed=seed)


@review_app.command("setup-team")
def setup_team(
    context: typer.Context,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print the SQL that sets the rights, and do nothing.")
    ] = False,
) -> None:
    """Set a PostgreSQL store up for a team: reviewers insert decisions, and change or remove none."""
    from mtop_gui.commands.review import setup_team as run

    with plain_errors():
        run(context.obj, script=sql)


NewPassword = Annotated[
    str,
    typer.Option(
        prompt="Password",
        hide_input=True,
        confirmation_prompt=True,
        envvar="MTOP_ROLE_PASSWORD",
        hidden=True,
        help="Asked for, or from MTOP_ROLE_PASSWORD.",
    ),
]


@review_app.command("create-role")
def create_role(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the role, as in postgresql://NAME@…")],
    password: NewPassword,
) -> None:
    """Make a role that may review in a PostgreSQL store; its password is asked for."""
    from mtop_gui.commands.review import create_role as run

    with plain_errors():
        run(context.obj, name, password)


@review_app.command("remember-password")
def remember_password(context: typer.Context, password: NewPassword) -> None:
    """Put the password of the URL's user into the desktop's keyring; it is asked for."""
    from mtop_gui.commands.review import remember_password as run

    with plain_errors():
        run(context.obj, password)


def main() -> None:
    """Run ``mtop``."""
    if sys.argv[1:2] == ["gui"]:
        from mtop_gui.commands import window

        with plain_errors():
            window.leave(window.gui(sys.argv[2:]))
    app(prog_name="mtop")


if __name__ == "__main__":
    main()

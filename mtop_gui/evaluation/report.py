"""report.json, report.html (self-contained: figures embedded) and the figures as files."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from mtop_gui.evaluation.errors import EvaluationError
from mtop_gui.evaluation.html import Page, number, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mtop_gui.evaluation.figures import Picture

THRESHOLDS = ("0.003", "0.01", "0.1")
BREAKDOWNS = {"mag_h": "m_H [AB]", "z": "redshift", "halpha": "Hα flux [erg/s/cm²]"}
SINGLE_FIGURES = {
    "nmad_kms": "NMAD after the line fit, unflagged [km/s]",
    "nmad_kms_before_fit": "NMAD of the PDF's peak, unflagged [km/s]",
    "pull_sigma": "σ of Δz/error after the line fit",
    "sigma_logmass": "σ of log M* [dex]",
    "sigma_logsfr": "σ of log SFR [dex]",
    "pit_ks": "Kolmogorov-Smirnov distance of the PIT",
    "crps_z": "mean CRPS in z",
    "flagged": "share flagged",
    "catastrophic_unflagged": "catastrophic (|Δz| > 0.5) among the unflagged",
    "catastrophic_flagged": "catastrophic among the flagged",
    "peak_calibration_error": "mean |claimed − true| probability of the best peak",
    "excess_aurc": "excess area under risk-coverage",
}


def write_report(folder: Path, report: Mapping[str, Any], html: str, pictures: Sequence[Picture]) -> None:
    """Write report.json, report.html and figures/NAME.png; each appears only when complete.

    Raises
    ------
    EvaluationError : the folder cannot be written.
    """
    try:
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        for picture in pictures:
            _write(folder / "figures" / f"{picture.name}.png", picture.png)
        _write(folder / "report.html", html.encode())
        text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False)
        _write(folder / "report.json", (text + "\n").encode())
    except OSError as error:
        raise EvaluationError(
            f"the report cannot be written into {folder} ({error}): name another folder"
        ) from error


def survey_html(report: Mapping[str, Any], pictures: Sequence[Picture]) -> str:
    """Give the page about a judged survey."""
    bundle, survey = report["bundle"], report["survey"]
    page = Page(f"Evaluation of {bundle['label']}")
    page.paragraph(
        f"{report['galaxies']} {survey['split']} galaxies of {survey['file']} (seed {survey['seed']}), "
        f"{report['spectra']} spectra with fixed noise (seed {report['seed']}); {report['program']}. "
        f"Bundle digest {bundle['digest'] or 'none'}, architecture {bundle['architecture']}, "
        f"{bundle['parameters']:,} parameters."
    )
    _success(page, report)
    _screening(page, report)
    _interlopers(page, report)
    _singles(page, report)
    _paper(page, report)
    _ablations(page, report)
    for picture in pictures:
        page.picture(picture.title, picture.caption, base64.b64encode(picture.png).decode())
    _breakdowns(page, report)
    page.heading("Definitions")
    page.table(("figure", "what it is"), [tuple(item) for item in report["definitions"].items()])
    _versions(page, report)
    return page.html()


def catalogue_html(report: Mapping[str, Any], pictures: Sequence[Picture]) -> str:
    """Give the page about a catalogue judged with a truth table."""
    page = Page(f"Evaluation of {report['catalogue']}")
    page.paragraph(
        f"{report['judged']} spectra of {report['catalogue']} with a known truth in {report['truth']} "
        f"({report['listed']} listed, {report['matched']} found). Right: within {report['right_within_kms']:.0f} km/s. "
        f"Bundles: {', '.join(f'{name} ({count})' for name, count in report['bundles'].items())}."
    )
    page.heading("Galaxies inside the bundle's redshift range and wavelength coverage")
    folders = {**report["folders"], "all": report["all"]}
    page.table(
        (
            "folder",
            "spectra",
            "right",
            "flagged",
            "right or flagged",
            "wrong, not flagged",
            "not read",
            "NMAD of right [km/s]",
        ),
        [
            (
                folder,
                one["inside"]["spectra"],
                *(
                    percent(one["inside"][key])
                    for key in ("right", "flagged", "right_or_flagged", "wrong_unflagged", "unread")
                ),
                number(one["inside"]["nmad_kms_of_right"]),
            )
            for folder, one in folders.items()
            if one["inside"]
        ],
    )
    page.heading("What should be flagged")
    page.table(
        ("folder", "what", "spectra", "flagged with a reason", "not read", "most frequent reasons"),
        [
            (
                folder,
                group,
                score["spectra"],
                percent(score["flagged"]),
                percent(score["unread"]),
                "; ".join(f"{reason} ({count})" for reason, count in score["reasons"].items()),
            )
            for folder, one in folders.items()
            for group, score in one["to_be_flagged"].items()
        ],
    )
    page.heading("Wrong and not flagged")
    page.table(
        ("file", "row", "what", "true z", "z", "bundle"),
        [
            (
                case["file"],
                case["row"],
                case["group"],
                number(case["truth"]),
                number(case["redshift"]),
                case["bundle"],
            )
            for case in report["wrong_unflagged"]
        ],
    )
    for picture in pictures:
        page.picture(picture.title, picture.caption, base64.b64encode(picture.png).decode())
    _versions(page, report)
    return page.html()


def _success(page: Page, report: Mapping[str, Any]) -> None:
    page.heading("Success")
    page.table(
        ("method", "hours", *(f"|Δz| < {threshold}" for threshold in THRESHOLDS), "|Δz| > 0.5", "spectra/s"),
        [
            (
                method,
                hours,
                *(percent(shares[threshold]) for threshold in THRESHOLDS),
                percent(report["catastrophic"][method][hours]),
                number(report["spectra_per_second"][method]),
            )
            for method, by_hours in report["success"].items()
            for hours, shares in by_hours.items()
        ],
    )


def _screening(page: Page, report: Mapping[str, Any]) -> None:
    page.heading("Screening by entropy < 2")
    networks = {report["bundle"]["method"]: report["screening"]} | {
        name: one["screening"] for name, one in report["networks"].items()
    }
    if report["limit_screening"]:
        networks["limit"] = report["limit_screening"]
    page.table(
        (
            "method",
            "hours",
            "success of all",
            "success of the kept",
            "rejected",
            "limit's failures",
            "rejected beyond them",
            "to reject for 99 %",
        ),
        [
            (
                name,
                hours,
                percent(row["success_of_all"]),
                percent(row["success"]),
                percent(row["rejected"]),
                percent(row.get("limit_failures")),
                percent(row.get("rejected_beyond_limit")),
                percent(row["rejected_for_99"]),
            )
            for name, by_hours in networks.items()
            for hours, row in by_hours.items()
        ],
    )
    if report["chi2"]:
        page.paragraph("The classical peer by its own measure, a lead of 9 in χ² over the second peak:")
        page.table(
            ("hours", "success of all", "success of the kept", "rejected"),
            [
                (hours, percent(row["success_of_all"]), percent(row["success"]), percent(row["rejected"]))
                for hours, row in report["chi2"]["screening"].items()
            ],
        )


def _interlopers(page: Page, report: Mapping[str, Any]) -> None:
    if not report.get("interlopers"):
        return
    page.heading("Spectra that are no galaxies of the redshift grid")
    page.table(
        ("what", "spectra", "flagged", "reason names it", "most frequent reasons"),
        [
            (
                kind,
                row["spectra"],
                percent(row["flagged"]),
                percent(row["named"]),
                "; ".join(f"{reason} ({count})" for reason, count in row["reasons"].items()),
            )
            for kind, row in report["interlopers"].items()
        ],
    )


def _singles(page: Page, report: Mapping[str, Any]) -> None:
    page.heading("Figures of merit")
    networks = {report["bundle"]["method"]: report, **report["networks"]}
    rows = [
        (title, *(number(one.get(key)) for one in networks.values())) for key, title in SINGLE_FIGURES.items()
    ]
    for level in (68, 95):
        rows += [
            (
                f"{level} % intervals of {name} hold",
                *(percent(one[f"coverage{level}"][name]) for one in networks.values()),
            )
            for name in ("z", "logmass", "logsfr")
        ]
    page.table(("figure", *networks), rows)


def _paper(page: Page, report: Mapping[str, Any]) -> None:
    page.heading("Beside the paper (Ginolfi et al. 2025)")
    networks = {report["bundle"]["method"]: report["paper"]} | {
        name: one["paper"] for name, one in report["networks"].items()
    }
    page.table(
        ("quantity", "paper", *networks),
        [
            (rows[0]["quantity"], number(rows[0]["paper"]), *(number(row["ours"]) for row in rows))
            for rows in zip(*networks.values(), strict=True)
        ],
    )


def _ablations(page: Page, report: Mapping[str, Any]) -> None:
    if len(report["bundles"]) < 2:
        return
    page.heading("Bundles side by side")
    page.table(
        ("method", "bundle", "parameters", "2 h", "4 h", "8 h", "|Δz| > 0.5, 8 h", "spectra/s"),
        [
            (
                one["method"],
                one["label"],
                f"{one['parameters']:,}",
                *(
                    percent(report["success"][one["method"]].get(hours, {}).get("0.01"))
                    for hours in ("2", "4", "8")
                ),
                percent(report["catastrophic"][one["method"]].get("8")),
                number(report["spectra_per_second"][one["method"]]),
            )
            for one in report["bundles"]
        ],
    )


def _breakdowns(page: Page, report: Mapping[str, Any]) -> None:
    methods = list(report["by"])
    for name, title in BREAKDOWNS.items():
        parts = report["by"][methods[0]].get(name)
        if not parts:
            continue
        page.heading(f"Success (|Δz| < 0.01) by {title}")
        page.table(
            (title, "hours", "spectra", *methods, f"flagged by {methods[0]}"),
            [
                (
                    label,
                    hours,
                    row["spectra"],
                    *(percent(report["by"][method][name][label][hours]["success"]) for method in methods),
                    percent(row["flagged"]),
                )
                for label, by_hours in parts.items()
                for hours, row in by_hours.items()
            ],
        )


def _versions(page: Page, report: Mapping[str, Any]) -> None:
    page.paragraph("Versions: " + ", ".join(f"{name} {value}" for name, value in report["versions"].items()))


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)

"""Write the figures of the shipped bundles into README.md, from the report.json beside each: no number is typed by hand.

python3 packaging/readme_figures.py            rewrites the part between the marks
python3 packaging/readme_figures.py --check    says whether it is up to date
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BUNDLES = ROOT / "resources" / "bundles"
BEGIN, END = "<!-- figures: packaging/readme_figures.py -->", "<!-- end of figures -->"
NO_LIMIT = (
    "The matched filter knows each galaxy's spectrum, but neither the calibration faults nor the resolution of these observations: "
    "here it is no limit."
)
NAMES = {
    "restframe": "`{bundle}`",
    "mtopnet": "M-TOPnet, same survey",
    "chi2": "χ² of PCA templates",
    "limit": "matched filter of the true template",
}


def main() -> int:
    """Rewrite README.md, or check it."""
    text = README.read_text(encoding="utf-8")
    wanted = with_figures(text)
    if "--check" in sys.argv[1:]:
        if wanted != text:
            print(
                "README.md: its figures are not those of the bundles' reports: run packaging/readme_figures.py"
            )
        return int(wanted != text)
    README.write_text(wanted, encoding="utf-8")
    return 0


def with_figures(text: str) -> str:
    """Replace what stands between the marks."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{figures()}\n{END}{after}"


def figures() -> str:
    """Make the tables of all bundles that have a report."""
    return "\n\n".join(
        [
            *map(_on_mocks, sorted(BUNDLES.glob("*/report.json"))),
            *map(_on_sky, sorted(BUNDLES.glob("*/real-sky.json"))),
        ]
    )


def _on_mocks(path: Path) -> str:
    report = json.loads(path.read_text(encoding="utf-8"))
    bundle = path.parent.name
    success = report["success"]
    hours = list(success["limit"])
    lines = [
        f"`{bundle}` on {report['spectra']:,} mock test spectra ({report['galaxies']:,} galaxies that it has never seen; "
        f"[report.json](resources/bundles/{bundle}/report.json), [report.html](resources/bundles/{bundle}/report.html)), "
        "redshifts with |Δz| < 0.01:",
        "",
        f"| exposure | {' | '.join(f'{hour} h' for hour in hours)} |",
        f"| --- | {' | '.join('---' for _ in hours)} |",
    ]
    for key, name in NAMES.items():
        if key in success:
            cells = " | ".join(_percent(success[key][hour]["0.01"]) for hour in hours)
            lines.append(f"| {name.format(bundle=bundle)} | {cells} |")
    screening = report["screening"]
    beaten = any(success["restframe"][hour]["0.01"] > success["limit"][hour]["0.01"] for hour in hours)
    lines += [
        f"| `{bundle}`, entropy < 2 | {' | '.join(_percent(screening[hour]['success']) for hour in hours)} |",
        f"| rejected for it | {' | '.join(_percent(screening[hour]['rejected']) for hour in hours)} |",
        *_rejected_at_best(None if beaten else report.get("limit_screening")),
        "",
        f"After the line fit the redshifts scatter by {report['nmad_kms']:.1f} km/s (pulls {report['pull_sigma']:.2f} σ); "
        f"log M\\* by {report['sigma_logmass']:.2f} dex, log SFR by {report['sigma_logsfr']:.2f} dex. The 68 % intervals hold "
        f"{_percent(report['coverage68']['z'])} (z), {_percent(report['coverage68']['logmass'])} (log M\\*) and "
        f"{_percent(report['coverage68']['logsfr'])} (log SFR); PIT: Kolmogorov-Smirnov distance {report['pit_ks']:.3f}. "
        f"Of the unflagged ones {_percent(report['catastrophic_unflagged'], 2)} are wrong by more than 0.5.",
    ]
    if beaten:
        lines[-1] += f" {NO_LIMIT}"
    return "\n".join(lines)


def _rejected_at_best(screening: dict[str, Any] | None) -> list[str]:
    """Give the row of what nobody can do without; none where it is no limit or was not measured."""
    if not screening:
        return []
    shares = " | ".join(_percent(row["rejected"]) for row in screening.values())
    return [f"| rejected by the true template's own PDF | {shares} |"]


def _on_sky(path: Path) -> str:
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    lines = [
        f"Real spectra with trusted redshifts ([real-sky.json](resources/bundles/{path.parent.name}/{path.name}); right: within "
        "1000 km/s), each read by the bundle that the program chose. Nothing was trained on them; from which probability on a spectrum is "
        "flagged as a quasar was settled by looking at them:",
        "",
        "| folder | galaxies | right | right or flagged | wrong and not flagged | others flagged |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for folder, groups in report["folders"].items():
        galaxies = groups["inside"]
        cells = ["", "", "", ""]
        if galaxies:
            cells = [
                str(galaxies["spectra"]),
                *(_percent(galaxies[key], 0) for key in ("right", "right_or_flagged", "wrong_unflagged")),
            ]
        others = ", ".join(
            f"{group} {_percent(found['flagged'], 0)} of {found['spectra']}"
            for group, found in groups["to_be_flagged"].items()
        )
        lines.append(f"| {folder} | {' | '.join(cells)} | {others} |")
    return "\n".join(lines)


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


if __name__ == "__main__":
    sys.exit(main())

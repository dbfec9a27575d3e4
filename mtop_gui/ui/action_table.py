"""The rows of the one table of actions: plain data; `actions` makes menus, toolbar, shortcuts and key help from it.

To add an action: a row here, in its group, and a handler of the same name in the controller.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PRESETS = ("marz", "specvizitor")
GROUPS = ("File", "Spectrum", "Queue", "Redshift", "Lines", "Review", "Team", "View", "Help")


@dataclass(frozen=True)
class ActionSpec:
    """One thing a person can do.

    Attributes
    ----------
    id : name of its handler.
    text, help : what menu and key help say.
    group : one of GROUPS: its menu, and its block in the key help.
    keys : shortcuts, by preset; "" = every preset without keys of its own.
    icon : name in ``resources/icons``; "" = none.
    argument : handed to the handler where one handler serves several actions.
    checkable : it is a switch.
    in_menu : False for what would only crowd the menu.
    needs : what must be there for it to do anything, a key of `availability.REASONS`; "" = nothing.
    toolbar : its text on the toolbar; "" = not there.
    """

    id: str
    text: str
    group: str = ""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    help: str = ""
    icon: str = ""
    handler: str = ""
    argument: object = None
    checkable: bool = False
    in_menu: bool = True
    needs: str = ""
    toolbar: str = ""

    def keys_of(self, preset: str) -> tuple[str, ...]:
        """Give its shortcuts in a preset."""
        return tuple(self.keys.get(preset, self.keys.get("", ())))


_row = ActionSpec  # a short name keeps a row on its line


def _keys(*both: str, **presets: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {"": both, **presets}


_QUALITY = tuple(
    _row(
        f"quality_{q}",
        f"Quality {q}",
        keys=_keys(str(q)),
        help=f"save quality {q} and go to the next spectrum",
        handler="decide",
        argument=q,
        needs="spectrum",
    )
    for q in (4, 3, 2, 1, 0, 6, 9)
)
_VIMOS = tuple(
    _row(
        f"quality_{q}",
        f"Quality {q}",
        help=f"save quality {q} (VIMOS scale) and go to the next spectrum",
        handler="decide",
        argument=q,
        in_menu=False,
        needs="spectrum",
    )
    for tens in (10, 20)
    for q in (tens + 4, tens + 3, tens + 2, tens + 1, tens, tens + 9)
)
"""Broad lines and secondary objects: too many for keys of their own, found in the palette."""

_CLASSES = tuple(
    _row(
        f"class_{name.lower()}",
        f"Class {name.capitalize() if name != 'QSO' else name}",
        keys=_keys(key),
        help=f"it is a {name.lower() if name != 'QSO' else 'quasar'}",
        handler="set_class",
        argument=name,
        needs="spectrum",
    )
    for name, key in (("GALAXY", "F2"), ("QSO", "F3"), ("STAR", "F4"))
)
_ISSUES = tuple(
    _row(
        f"issue_{letter}",
        f"Issue {letter}: {what}",
        keys=_keys(key),
        help=f"something is wrong with the {what}",
        handler="turn_issue",
        argument=letter,
        needs="spectrum",
    )
    for letter, what, key in (
        ("R", "redshift", "Ctrl+1"),
        ("C", "class", "Ctrl+2"),
        ("S", "spectrum", "Ctrl+3"),
    )
)
_PANELS = tuple(
    _row(
        f"panel_{name}",
        f"{name.capitalize()} panel",
        keys=_keys(key),
        help=f"show or hide the {name} panel",
        handler="show_panel",
        argument=name,
        checkable=True,
    )
    for name, key in (
        ("browser", "Alt+1"),
        ("review", "Alt+2"),
        ("batch", "Alt+3"),
        ("team", "Alt+4"),
        ("history", "Alt+5"),
        ("embedding", "Alt+6"),
        ("lines", "Alt+7"),
        ("identifications", "Alt+8"),
    )
)

NAMED_LINES: tuple[tuple[str, str, float], ...] = (
    ("O", "[O II] 3728", 3728.48),
    ("U", "[O III] 4960", 4960.295),
    ("I", "[O III] 5008", 5008.240),
    ("A", "Hα", 6564.61),
    ("B", "Hβ", 4862.68),
    ("K", "Ca II K", 3934.78),
    ("H", "Ca II H", 3969.59),
    ("L", "Lyα", 1215.67),
    ("C", "C IV", 1549.06),
    ("V", "C III]", 1908.73),
    ("M", "Mg II", 2798.75),
)
"""Shift + letter at the cursor: (letter, line, vacuum Å; doublets by their usual blended mean)."""

_NAMED = tuple(
    _row(
        f"name_{letter}",
        name,
        keys={"marz": (f"Shift+{letter}",)},
        help=f"the feature under the cursor is {name}",
        handler="name_line",
        argument=wavelength,
        needs="spectrum",
    )
    for letter, name, wavelength in NAMED_LINES
)

_QUEUES = tuple(
    _row(f"queue_{name}", text, help=f"list {what}", handler="show_queue", argument=name, needs="spectra")
    for name, text, what in (
        ("all", "All spectra", "everything"),
        ("flagged", "Flagged", "what a person should look at"),
        ("unreviewed", "Not reviewed", "what you have not decided on"),
        ("doubtful", "Flagged, not reviewed", "what waits for you most"),
        ("assigned", "Assigned to me", "what is yours to review"),
        ("conflicts", "Conflicts", "what reviewers disagree on"),
        ("reviewed", "Reviewed", "what you have decided on"),
        ("starred", "Starred", "what you marked to come back to"),
        ("unreadable", "Unreadable", "what could not be read"),
    )
)
_SETTLE = tuple(
    _row(
        f"settle_{place}",
        f"Settle as reviewer {place}",
        keys=_keys(key),
        help=f"settle the conflict as the reviewer in row {place} of the team panel said",
        handler="settle",
        argument=place - 1,
        in_menu=False,
        needs="opinions",
    )
    for place, key in ((1, "F7"), (2, "F8"), (3, "Shift+F7"), (4, "Shift+F8"))
)

# One row a line: it is read, and added to, as a table.
# fmt: off
_FILE = (
    _row("open_folder", "Open folder…", keys=_keys("Ctrl+O"), help="open a folder of spectra", icon="open", toolbar="Open"),
    _row("open_files", "Open files…", keys=_keys("Ctrl+Shift+O"), help="open single files", icon="file"),
    _row("open_recent", "Open recent…", keys=_keys("Ctrl+Shift+R"), help="open one of the last folders", needs="recent"),
    _row("watch", "Watch for new spectra", keys=_keys("Ctrl+Shift+W"), help="list and predict spectra as they arrive in the open folders", checkable=True, needs="folder"),
    _row("run", "Run network", keys=_keys("Ctrl+R"), help="predict all listed spectra", icon="run", needs="spectra", toolbar="Run"),
    _row("cancel", "Cancel run", keys=_keys("Ctrl+."), help="stop the run; what is done stays", icon="cancel", needs="running"),
    _row("export", "Save catalogue…", keys=_keys("Ctrl+S"), help="write the catalogue", icon="export", needs="catalogue"),
    _row("export_decisions", "Save decisions…", keys=_keys("Ctrl+Shift+D"), help="write the spectra you reviewed", icon="export", needs="reviewed"),
    _row("import_decisions", "Take over decisions…", help="record the decisions of a file that another program or reviewer wrote", icon="import"),
    _row("choose_bundle", "Choose bundle…", keys=_keys("Ctrl+B"), help="the network that reads the spectra", icon="network"),
    _row("choose_passes", "Choose passes…", help="MC-dropout passes for each spectrum"),
    _row("samp", "Talk to other programs", help="connect to the SAMP hub (TOPCAT, DS9, Aladin …)", checkable=True),
    _row("samp_table", "Send table", keys=_keys("Ctrl+Shift+T"), help="send the table of spectra to TOPCAT and others", needs="hub"),
    _row("samp_spectrum", "Send spectrum", help="send the spectrum shown to other programs", needs="hub"),
    _row("copy_snippet", "Copy as Python", keys=_keys("Ctrl+Shift+C"), help="Python lines that read this spectrum and draw it at its redshift", needs="spectrum"),
    _row("settings", "Settings…", keys=_keys("Ctrl+,"), help="reviewer, store, text size and more", icon="settings"),
    _row("quit", "Quit", keys=_keys("Ctrl+Q"), help="quit; every decision is saved already"),
)
_SPECTRUM = (
    _row("next", "Next spectrum", keys=_keys("N", specvizitor=("Right",)), icon="next", needs="spectra"),
    _row("previous", "Previous spectrum", keys=_keys("B", specvizitor=("Left",)), icon="previous", needs="spectra"),
    _row("next_flagged", "Next flagged", keys=_keys("G"), help="next flagged, not yet reviewed", icon="flag", needs="flagged"),
    _row("search", "Search", keys=_keys("/"), help="filter the list by name", icon="search", needs="spectra"),
)
_QUEUE = (
    _row("choose_queue", "Choose queue…", keys=_keys("Shift+N", specvizitor=("N",)), help="which spectra to go through", needs="spectra"),
    *_QUEUES,
    _row("compute_embedding", "Compute embedding", keys=_keys("Ctrl+E"), help="ask the network which of the listed spectra it sees as alike; again: stop", needs="spectra"),
    _row("embedding_outliers", "Outliers of the embedding", keys=_keys("Ctrl+Shift+E"), help="go through the spectra that are like no other", needs="embedding"),
    _row("embedding_alike", "Spectra like this", keys=_keys("Ctrl+D"), help="go through the spectra most like this one in the embedding", needs="embedding"),
    _row("embedding_colour", "Colour embedding by…", help="any column, or the distance to the neighbours", needs="embedding"),
    _row("save_filter", "Save filter…", keys=_keys("Ctrl+Shift+F"), help="keep the expression in the filter as a queue", needs="spectra"),
    _row("forget_filter", "Drop saved filter…", needs="saved_filters"),
    _row("keep_list", "Keep to this list", keys=_keys("Ctrl+L"), help="go through what is listed now only, also after a restart", checkable=True, needs="spectra"),
    _row("sort_by", "Sort by…", keys=_keys("Ctrl+Shift+S"), help="sort the table you walk through by a column", needs="spectra"),
    _row("reverse_order", "Reverse order", keys=_keys("Ctrl+Shift+X"), help="sort it the other way round", needs="spectra"),
)
_REDSHIFT = (
    _row("accept", "Accept network redshift", keys=_keys("Return", "Enter"), icon="accept", needs="peaks"),
    _row("next_peak", "Next PDF peak", keys=_keys("O"), handler="step_peak", argument=1, needs="peaks"),
    _row("previous_peak", "Previous PDF peak", keys=_keys("I"), handler="step_peak", argument=-1, needs="peaks"),
    _row("z_less", "z − 0.0001", keys=_keys("Left", specvizitor=("Shift+Q",)), handler="nudge", argument=-0.0001, needs="redshift"),
    _row("z_more", "z + 0.0001", keys=_keys("Right", specvizitor=("Shift+W",)), handler="nudge", argument=0.0001, needs="redshift"),
    _row("z_much_less", "z − 0.001", keys=_keys("Shift+Left", specvizitor=("Q",)), handler="nudge", argument=-0.001, needs="redshift"),
    _row("z_much_more", "z + 0.001", keys=_keys("Shift+Right", specvizitor=("W",)), handler="nudge", argument=0.001, needs="redshift"),
    _row("type_redshift", "Type a redshift…", keys=_keys("Z"), needs="spectrum"),
    _row("fit_lines", "Fit lines here", keys=_keys("U"), help="fit the lines near this redshift", icon="lines", needs="redshift"),
    _row("show_second", "Second candidate", keys=_keys("Y"), help="draw the lines of a second redshift too", checkable=True),
    _row("keep_second", "Keep as second candidate", keys=_keys("Shift+Y"), help="compare other redshifts with this one", needs="redshift"),
    _row("swap_candidates", "Exchange the candidates", keys=_keys("J"), help="go to the second redshift and back", needs="redshift"),
)
_LINES = (
    _row("next_line", "Next line", keys=_keys("."), help="zoom to the next line", handler="step_line", argument=1, needs="redshift"),
    _row("previous_line", "Previous line", keys=_keys(","), help="zoom to the line before", handler="step_line", argument=-1, needs="redshift"),
    _row("pick_line", "Name the feature…", keys=_keys("K"), help="pick from the lines the feature under the cursor may be", needs="spectrum"),
    *_NAMED,
)
_REVIEW = (
    *_QUALITY,
    *_VIMOS,
    *_CLASSES,
    *_ISSUES,
    _row("star", "Mark with a star", keys=_keys("*", specvizitor=("S",)), help="star, to come back to it", icon="star", checkable=True, needs="spectrum"),
    _row("comment", "Comment", keys=_keys("E"), help="write a comment; Esc leaves the field", icon="comment", needs="spectrum"),
    _row("undo", "Undo decision", keys=_keys("Ctrl+Z"), help="take the last decision back, also after a restart", icon="undo"),
    _row("redo", "Redo decision", keys=_keys("Ctrl+Shift+Z", "Ctrl+Y"), icon="redo"),
    _row("reviewer", "Reviewer…", help="who reviews; written into every decision"),
    _row("threshold", "Entropy threshold…", keys=_keys("T"), help="from which entropy a spectrum is flagged"),
)
_TEAM = (
    _row("blind", "Blind reviewing", keys=_keys("Ctrl+Shift+B"), help="hide what the network says until you have decided", checkable=True),
    _row("next_conflict", "Next conflict", keys=_keys("Shift+G"), help="next spectrum on which reviewers disagree", needs="conflicts"),
    _row("compare", "Show all reviewers", help="everybody's decisions side by side: for merging", checkable=True),
    _row("choose_settlement", "Settle conflict…", keys=_keys("Shift+S"), help="take somebody's decision, or the redshift shown, as the team's", needs="opinions"),
    *_SETTLE,
    _row("merge_rule", "Merge rule…", help="what counts as a conflict: DESI's rule or Marz's"),
    _row("export_merged", "Save merged…", help="write all reviewers merged, and beside it what they disagree on", icon="merge"),
    _row("assign", "Assign spectra…", help="share what is listed out over reviewers", needs="spectra"),
    _row("unassign", "Take assignments back", help="of what is listed; decisions stay", needs="spectra"),
)
_VIEW = (
    _row("smooth_more", "Smooth more", keys=_keys("S", specvizitor=("]",)), icon="smooth", handler="smooth", argument=1),
    _row("smooth_less", "Smooth less", keys=_keys("D", specvizitor=("[",)), handler="smooth", argument=-1),
    _row("reset_view", "Reset view", keys=_keys("R"), help="show the whole spectrum again", icon="reset", needs="spectrum"),
    _row("show_lines", "Spectral lines", keys=_keys("L"), help="line labels on or off", icon="lines", checkable=True),
    _row("show_error", "Error", keys=_keys("X"), help="error on or off", icon="error", checkable=True),
    _row("show_sky_mask", "Sky mask", keys=_keys("M"), help="sky mask on or off", icon="sky", checkable=True),
    _row("show_continuum", "Continuum", keys=_keys("C"), help="continuum on or off", icon="continuum", checkable=True),
    _row("show_model", "Line model", keys=_keys("A"), help="continuum and fitted lines over the flux", checkable=True),
    _row("colour_saliency", "Colour by saliency", keys=_keys("V"), help="colour the flux where the network looked", checkable=True),
    _row("keep_zoom", "Keep the zoom", keys=_keys("F", specvizitor=("Shift+F",)), help="keep the range when the spectrum changes", checkable=True),
    _row("wavelength_unit", "Next wavelength unit", keys=_keys("Ctrl+U"), help="Å, nm or µm"),
    _row("other_density", "Other flux density", keys=_keys("Ctrl+Shift+U"), help="f_ν instead of f_λ, or the other way round", checkable=True),
    _row("pdf_log", "Logarithmic PDF", keys=_keys("P"), help="PDF linear or logarithmic", icon="pdf", checkable=True),
    _row("zen", "Only the plots", keys=_keys("F9", specvizitor=("H",)), checkable=True),
    _row("full_screen", "Full screen", keys=_keys("F11", specvizitor=("F", "F11")), checkable=True),
    _row("theme", "Light or dark", keys=_keys("Ctrl+T"), help="change the theme", icon="theme"),
    _row("reset_layout", "Reset panel layout"),
    _row("plane", "Skewness plane", keys=_keys("Shift+P"), help="entropy against skewness instead of the histogram", checkable=True),
    *_PANELS,
    _row("next_panel", "Next panel", keys=_keys("F6"), help="go to the next table or panel with the keys"),
    _row("larger_text", "Larger text", keys=_keys("Ctrl++", "Ctrl+="), handler="scale_text", argument=1),
    _row("smaller_text", "Smaller text", keys=_keys("Ctrl+-"), handler="scale_text", argument=-1),
    _row("normal_text", "Normal text", keys=_keys("Ctrl+0"), handler="scale_text", argument=0),
)
_HELP = (
    _row("palette", "Find an action…", keys=_keys("Ctrl+K"), help="every action by its name", icon="search"),
    _row("guide", "Guide", keys=_keys("F1"), help="how to use the program", icon="help"),
    _row("help", "Keys", keys=_keys("?"), help="show or hide this help", icon="help"),
    _row("preset", "Other key preset", help="change between the Marz and specvizitor keys", icon="keys"),
    _row("edit_keys", "Change keys…", help="give any action other keys", icon="keys"),
    _row("escape", "Leave field or help", keys=_keys("Esc"), in_menu=False),
    _row("about", "About"),
)
# fmt: on

ACTIONS: tuple[ActionSpec, ...] = tuple(
    replace(row, group=group)
    for group, rows in zip(
        GROUPS, (_FILE, _SPECTRUM, _QUEUE, _REDSHIFT, _LINES, _REVIEW, _TEAM, _VIEW, _HELP), strict=True
    )
    for row in rows
)

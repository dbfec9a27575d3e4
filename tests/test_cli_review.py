"""``mtop review``: exchange, merging, assignments and teams, from the command line."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from mtop_gui.cli import app
from mtop_gui.io.table_files import read_table
from mtop_gui.settings import Settings
from mtop_gui.store.review_store import KnownFile, open_store
from tests.store.conftest import postgres, postgres_server, postgres_url  # noqa: F401 - fixtures
from tests.store.records import decision, prediction
from tests.store.test_vi_exchange import DESI, MARZ


def review(*arguments, **options):
    return CliRunner().invoke(app, ["review", *map(str, arguments)], **options)


@pytest.fixture
def disputed(tmp_path):
    """A store with one Spectrum agreed on, one in dispute and one settled."""
    path = tmp_path / "reviews.sqlite"
    with open_store(path) as store:
        for name, quality in (("ada", 4), ("bob", 3), ("cyd", 4)):
            store.record(decision("a" * 64, reviewer=name, quality=quality, name="agreed"))
            store.record(decision("b" * 64, reviewer=name, row=1, redshift=quality / 4, name="disputed"))
            store.record(decision("c" * 64, reviewer=name, row=2, redshift=quality / 4, name="settled"))
        store.record(decision("c" * 64, reviewer="settled by dan", row=2, redshift=0.9, name="settled"))
    return path


def test_merge_writes_what_is_agreed_and_what_is_not(disputed, tmp_path):
    result = review(disputed, "merge", tmp_path / "team.ecsv", "--rules", "desi")
    assert result.exit_code == 0, result.output
    assert "2 spectra merged by the rule of desi" in result.stderr
    assert "1 spectra on which reviewers disagree" in result.stderr
    merged, conflicts = (read_table(tmp_path / name) for name in ("team.ecsv", "team-conflicts.ecsv"))
    assert merged["name"] == ["agreed", "settled"]
    assert merged["quality"][0] == pytest.approx(11 / 3)
    assert (merged["z"][1], merged["settled_by"]) == (0.9, [None, "settled by dan"])
    assert merged["reviewers"] == ["ada, bob, cyd"] * 2
    assert merged["n_reviewers"] == [3, 3]
    assert conflicts["reviewer"] == ["ada", "bob", "cyd"]
    assert set(conflicts["reasons"]) == {"redshift"}
    assert conflicts["z"] == [1.0, 0.75, 1.0]


def test_merge_by_marz_into_named_tables(disputed, tmp_path):
    pytest.importorskip("astropy")
    result = review(
        disputed, "merge", tmp_path / "a.fits", "--rules", "marz", "--conflicts", tmp_path / "b.csv"
    )
    assert result.exit_code == 0, result.output
    # 3 stands against 4 in both that nobody settled.
    assert [name.strip() for name in read_table(tmp_path / "a.fits")["name"]] == ["settled"]
    assert len((tmp_path / "b.csv").read_text().splitlines()) == 1 + 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["merge", "out.ecsv", "--rules", "majority"], "is no merge rule: use one of desi, marz"),
        (["merge", "out.txt"], "must end in"),
        (["assign", "ada", "ada"], "a reviewer is named twice"),
        (["assign", "ada", "--per-spectrum", "2"], "1 to 1 of these reviewers"),
        (["setup-team"], "only a postgresql:// store has roles"),
        (["export", "out.ecsv", "--format", "zim"], "is no format"),
        (["import", "none.mz"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(disputed, arguments, words):
    result = review(disputed, *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.startswith("mtop: ")
    assert result.stderr.count("\n") == 1


def test_an_export_has_the_network_s_columns_where_the_bundle_was_chosen_per_spectrum(tmp_path):
    made = replace(prediction(), bundle="a 1")
    with open_store(tmp_path / "reviews.sqlite") as store:
        store.record(replace(decision("a" * 64), bundle="a 1"))
        store.save_prediction("a" * 64, "auto: a 1, b 1", Settings().mc_passes, made)
        store.save_prediction("a" * 64, "b 1", Settings().mc_passes, replace(made, bundle="b 1", logmass=1.0))
    assert review(tmp_path / "reviews.sqlite", "export", tmp_path / "a.ecsv").exit_code == 0
    table = read_table(tmp_path / "a.ecsv")
    assert table["bundle"] == ["a 1"]
    assert table["logmass"] == [pytest.approx(made.logmass)]
    assert table["entropy"][0] is not None


@pytest.mark.parametrize(("name", "text"), [("desi-vi_deep_ADA.csv", DESI), ("field_ada.mz", MARZ)])
def test_files_of_other_programs_come_back_byte_for_byte(tmp_path, name, text):
    given, back, store = tmp_path / name, tmp_path / "back" / name, tmp_path / "reviews.sqlite"
    back.parent.mkdir()
    given.write_bytes(text.encode())
    result = review(store, "import", given)
    assert result.exit_code == 0, result.output
    assert "name spectra that this store does not know yet" in result.stderr
    assert review(store, "export", back).exit_code == 0
    assert back.read_bytes() == given.read_bytes()


def test_values_of_other_scales_are_left_out_and_said(tmp_path):
    with open_store(tmp_path / "reviews.sqlite") as store:
        store.record(decision())
    result = review(tmp_path / "reviews.sqlite", "export", tmp_path / "a.mz")
    assert "1 decisions were left out: they are not on the quality scale ozdes" in result.stderr
    result = review(tmp_path / "reviews.sqlite", "export", tmp_path / "a.mz", "--any-scale")
    assert "a.mz: 1 decisions\n" in result.stderr.replace(str(tmp_path) + "/", "")


def test_assign_shares_out_what_the_store_knows(tmp_path):
    with open_store(tmp_path / "reviews.sqlite") as store:
        store.remember_files([KnownFile("/a.fits", n, 1, 1, f"{n:064d}", f"galaxy {n}") for n in range(6)])
        store.remember_files([KnownFile("/broken.fits", 0, 1, 1, "", "cannot be read")])
        store.record(decision("f" * 64, reviewer="ada"))
    result = review(tmp_path / "reviews.sqlite", "assign", "ada", "bob", "--per-spectrum", "2")
    assert result.exit_code == 0, result.output
    assert "14 assignments made" in result.stderr
    assert "ada: 7 assigned, 1 decided" in result.stderr
    assert "bob: 7 assigned, 0 decided" in result.stderr
    assert "0 assignments made" in review(tmp_path / "reviews.sqlite", "assign", "ada", "bob").stderr


def test_a_team_is_set_up(postgres_url, monkeypatch):  # noqa: F811 - a fixture
    script = review(postgres_url, "setup-team", "--sql")
    assert "GRANT SELECT, INSERT" in script.stdout
    result = review(postgres_url, "setup-team")
    assert result.exit_code == 0, result.output
    name, password = f"ada_{secrets.token_hex(3)}", secrets.token_hex(8)
    result = review(postgres_url, "create-role", name, input=f"{password}\n{password}\n")
    assert result.exit_code == 0, result.output
    assert f"{name} may review now" in result.stderr
    assert password not in result.output
    assert (
        "was there already"
        in review(postgres_url, "create-role", name, env={"MTOP_ROLE_PASSWORD": "other"}).stderr
    )
    monkeypatch.setenv("PGPASSWORD", password)
    with open_store(postgres_url.replace("owner@", f"{name}@")) as store:
        store.record(decision())
    result = review(
        postgres_url.replace("owner@", f"{name}@"), "create-role", "eve", env={"MTOP_ROLE_PASSWORD": "x"}
    )
    assert result.exit_code == 2
    assert "does not allow" in result.stderr


def test_a_password_in_the_url_is_not_repeated(tmp_path):
    result = review("postgresql://ada:s3cret@localhost/db", "export", tmp_path / "a.ecsv")
    assert result.exit_code == 2
    assert "the password must not stand in the URL" in result.stderr
    assert "s3cret" not in result.output

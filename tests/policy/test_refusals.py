"""A broken pack of each kind gets its named refusal: code, file, key and what to do about it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.policy.load import load_folder, load_pack, load_text, shipped_packs
from service.policy.refusals import Fault, PackRefused
from service.words import IdentityClass

HERE = Path(__file__).parent
SMALL = (HERE / "small_pack.yaml").read_text(encoding="utf-8")
BROKEN: list[dict[str, Any]] = yaml.safe_load((HERE / "broken.yaml").read_text(encoding="utf-8"))


def faults_of(load: Callable[[], object]) -> tuple[Fault, ...]:
    with pytest.raises(PackRefused) as refused:
        load()
    for fault in refused.value.faults:
        assert fault.remedy.zh
        assert fault.remedy.en
        assert fault.says
        assert fault.file
    return refused.value.faults


def test_the_pack_that_the_others_are_broken_from_is_accepted() -> None:
    assert load_text(SMALL).id == "small"


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken["name"])
def test_a_broken_pack_is_refused_with_its_code_and_key(broken: dict[str, Any]) -> None:
    assert SMALL.count(broken["old"]) == 1, "the edit fits one place"

    faults = faults_of(lambda: load_text(SMALL.replace(broken["old"], broken["new"]), "county.yaml"))

    expected = (f"pack.{broken['fault']['code']}", "county.yaml", broken["fault"]["key"])
    assert expected in {(fault.code, fault.file, fault.key) for fault in faults}


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ("", "unreadable", "-"),
        ("just words", "unreadable", "-"),
        ("- a list", "unreadable", "-"),
        ("a: [1, 2", "unreadable", "-"),
        ("a: !!python/object/apply:os.getcwd []", "unreadable", "-"),
        ("1: a number as a key", "unreadable", "-"),
        ("? [a, list]\n: as a key", "unreadable", "-"),
        ("? {a: mapping}\n: as a key", "unreadable", "-"),
        ("a: &here [*here]", "unreadable", "-"),
        ("a: *nowhere", "unreadable", "-"),
        ("<<: {a: 1}", "unreadable", "-"),
        ("a: 1\n--- \nb: 2", "unreadable", "-"),
        ("a: \x00", "unreadable", "-"),
        ("[" * 3_000, "unreadable", "-"),
        ("id: one\nid: two", "duplicate_key", "id"),
        (SMALL + "format: 1\n", "duplicate_key", "format"),
        (SMALL.replace("over: stay", "over: stay\n        over: year"), "duplicate_key", "over"),
    ],
)
def test_what_is_no_pack_at_all_is_refused(text: str, code: str, key: str) -> None:
    (fault,) = faults_of(lambda: load_text(text, "county.yaml"))

    assert (fault.code, fault.file, fault.key) == (f"pack.{code}", "county.yaml", key)


def test_conditions_nested_very_deep_are_refused() -> None:
    nested = "{any_of: [" * 150 + "near" + "]}" * 150

    faults_of(lambda: load_text(SMALL.replace("eligible: {when: poor", f"eligible: {{when: {nested}")))


def test_aliases_that_unfold_without_end_are_refused_at_once() -> None:
    laughs = "\n".join(f"a{n}: &a{n} {{any_of: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12))

    (fault,) = faults_of(lambda: load_text(f"a0: &a0 {{referred: true}}\n{laughs}\n"))

    assert fault.code == "pack.unreadable"


def test_conditions_that_unfold_without_end_are_refused_at_once() -> None:
    doubled = "\n".join(f'  c{n}: {{any_of: [c{n - 1}, c{n - 1}], clauses: ["N2"]}}' for n in range(1, 40))
    text = SMALL.replace("conditions:\n", f'conditions:\n  c0: {{referred: true, clauses: ["N2"]}}\n{doubled}\n')

    faults = faults_of(lambda: load_text(text))

    assert {fault.code for fault in faults} == {"pack.invalid"}
    assert "conditions.c39" in {fault.key for fault in faults}


class TestFolders:
    def test_an_empty_folder_is_refused(self, tmp_path: Path) -> None:
        (fault,) = faults_of(lambda: load_pack(tmp_path))

        assert (fault.code, fault.key) == ("pack.unreadable", "-")

    def test_a_file_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        (fault,) = faults_of(lambda: load_pack(tmp_path / "absent.yaml"))

        assert (fault.code, fault.file) == ("pack.unreadable", "absent.yaml")

    def test_a_file_that_would_be_passed_over_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "pack.yaml").write_text(SMALL, encoding="utf-8")
        (tmp_path / "more.yml").write_text("layers: {}", encoding="utf-8")

        (fault,) = faults_of(lambda: load_pack(tmp_path))

        assert (fault.code, fault.file) == ("pack.unreadable", "more.yml")

    def test_a_pack_in_one_file_is_loaded_beside_folders(self, tmp_path: Path) -> None:
        (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")

        assert [pack.id for pack in load_folder(tmp_path).packs] == ["small"]

    def test_another_encoding_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "pack.yaml").write_text(SMALL, encoding="gb18030")

        (fault,) = faults_of(lambda: load_pack(tmp_path))

        assert (fault.code, fault.file) == ("pack.unreadable", "pack.yaml")

    def test_the_mark_that_windows_puts_first_is_accepted(self, tmp_path: Path) -> None:
        (tmp_path / "pack.yaml").write_text(SMALL, encoding="utf-8-sig")

        assert load_pack(tmp_path).id == "small"

    def test_the_same_content_has_the_same_hash_however_it_is_spread_over_files(self, tmp_path: Path) -> None:
        head, layers = SMALL.split("layers:\n  basic:", 1)
        first, rest = layers.split("  serious:\n", 1)
        (tmp_path / "pack.yaml").write_text(head, encoding="utf-8")
        (tmp_path / "basic.yaml").write_text(f"layers:\n  basic:{first}", encoding="utf-8")
        (tmp_path / "rest.yaml").write_text(f"layers:\n  serious:\n{rest}", encoding="utf-8")

        assert load_pack(tmp_path).hash == load_text(f"# a comment\n{SMALL}").hash

    def test_a_fault_names_the_file_that_it_stands_in(self, tmp_path: Path) -> None:
        head, layers = SMALL.split("layers:\n", 1)
        (tmp_path / "pack.yaml").write_text(head, encoding="utf-8")
        broken = layers.replace("over: stay", "ovr: stay").replace('"8000.00"', "8000.00")
        (tmp_path / "terms.yaml").write_text(f"layers:\n{broken}", encoding="utf-8")

        faults = faults_of(lambda: load_pack(tmp_path))

        assert {(fault.code, fault.file) for fault in faults} == {
            ("pack.unknown_key", "terms.yaml"),
            ("pack.float", "terms.yaml"),
        }

    @pytest.mark.parametrize(
        ("second", "key"),
        [("rounding: half_up\n", "rounding"), ("layers:\n  aid: {}\n", "layers.aid")],
    )
    def test_two_files_that_say_the_same_are_refused(self, tmp_path: Path, second: str, key: str) -> None:
        (tmp_path / "pack.yaml").write_text(SMALL, encoding="utf-8")
        (tmp_path / "second.yaml").write_text(second, encoding="utf-8")

        (fault,) = faults_of(lambda: load_pack(tmp_path))

        assert (fault.code, fault.file, fault.key) == ("pack.duplicate_key", "second.yaml", key)


class TestPacksTogether:
    @pytest.mark.parametrize(
        ("begins", "code", "key"),
        [
            ("2025-12-31", "pack.overlap", "in_force.from"),
            ("2026-01-02", "pack.gap", "in_force.from"),
        ],
    )
    def test_packs_of_a_county_that_overlap_or_leave_a_gap_are_refused(
        self, tmp_path: Path, begins: str, code: str, key: str
    ) -> None:
        self.write(tmp_path, "one", SMALL)
        self.write(tmp_path, "two", later(begins))

        (fault,) = faults_of(lambda: load_folder(tmp_path))

        assert (fault.code, fault.file, fault.key) == (code, "later", key)

    def test_packs_that_follow_each_other_are_accepted(self, tmp_path: Path) -> None:
        self.write(tmp_path, "one", SMALL)
        self.write(tmp_path, "two", later("2026-01-01"))

        assert {pack.id for pack in load_folder(tmp_path).packs} == {"small", "later"}

    def test_packs_of_two_counties_do_not_meet(self, tmp_path: Path) -> None:
        self.write(tmp_path, "one", SMALL)
        self.write(tmp_path, "two", later("2025-06-01").replace("459990", "459991"))

        assert len(load_folder(tmp_path).packs) == 2

    def test_two_packs_with_one_name_are_refused(self, tmp_path: Path) -> None:
        self.write(tmp_path, "one", SMALL)
        self.write(tmp_path, "two", SMALL.replace("459990", "459991"))

        (fault,) = faults_of(lambda: load_folder(tmp_path))

        assert (fault.code, fault.key) == ("pack.overlap", "id")

    def write(self, folder: Path, name: str, text: str) -> None:
        (folder / name).mkdir()
        (folder / name / "pack.yaml").write_text(text, encoding="utf-8")


def later(begins: str) -> str:
    """A second pack of the same county, with one set of inpatient terms."""
    return (
        SMALL.replace("id: small", "id: later")
        .replace("{from: 2024-01-01, to: 2025-12-31,", f"{{from: {begins}, to: 2027-12-31,")
        .replace("valid_to: 2024-12-31", "valid_to: 2026-12-31")
        .replace("valid_from: 2025-01-01", "valid_from: 2027-01-01")
    )


def test_the_shipped_packs_speak_only_of_identities_that_the_registers_know() -> None:
    known = set(IdentityClass)
    for pack in shipped_packs().packs:
        conditions = [
            condition
            for layer in pack.layers
            for terms in layer.terms
            for condition in (
                terms.eligible,
                layer.advance.when,
                *(one.when for one in getattr(terms.rule, "classes", ())),
                *(
                    case.when
                    for table in ("ratio", "points", "floor", "cap")
                    for case in getattr(getattr(terms.rule, table, None), "cases", ())
                ),
            )
        ]
        assert {name for one in conditions for names, _ in one.identity_sets() for name in names} <= known

"""Personal data at rest: sealed so that only these keys open it, found by hashes that outlive a key."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from service.access.vault import (
    Vault,
    VaultError,
    mask_account,
    mask_id_no,
    mask_name,
    mask_phone,
    new_key,
    parse_keys,
)
from service.config import Settings

NAME = "欧阳小明"
# Fixed, because they name test cases, and every xdist worker must name them alike.
OLD, NEW = f"k1:{'A' * 43}=", f"k2:{'B' * 43}="


def vault(*entries: str) -> Vault:
    return Vault(parse_keys(",".join(entries)))


def test_what_was_sealed_opens_again() -> None:
    sealed = vault(OLD).encrypt(NAME, bound_to="person:P1:name")

    assert vault(OLD).decrypt(sealed, bound_to="person:P1:name") == NAME
    assert NAME.encode() not in sealed


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert vault(OLD).encrypt(NAME) != vault(OLD).encrypt(NAME)


def test_the_newest_key_seals_and_older_ones_still_open() -> None:
    before, after = vault(OLD), vault(NEW, OLD)
    sealed = before.encrypt(NAME)

    assert after.decrypt(sealed) == NAME
    assert Vault.key_id_of(sealed) == "k1"
    assert Vault.key_id_of(after.encrypt(NAME)) == "k2"
    with pytest.raises(VaultError, match="'k2', which is not among the keys"):
        before.decrypt(after.encrypt(NAME))


def test_a_sealed_value_moved_to_another_place_does_not_open() -> None:
    sealed = vault(OLD).encrypt(NAME, bound_to="person:P1:name")

    with pytest.raises(VaultError, match="altered or belongs to another place"):
        vault(OLD).decrypt(sealed, bound_to="person:P2:name")


@pytest.mark.parametrize("position", [0, 1, 2, 5, 20, -1])
def test_an_altered_value_does_not_open_wherever_it_was_altered(position: int) -> None:
    sealed = bytearray(vault(OLD).encrypt(NAME))
    sealed[position] ^= 1

    with pytest.raises(VaultError):
        vault(OLD).decrypt(bytes(sealed))


@pytest.mark.parametrize("junk", [b"", b"\x01", b"\x01\x02k", b"\x01\x02k1short", NAME.encode()])
def test_what_was_never_sealed_is_named_as_such(junk: bytes) -> None:
    with pytest.raises(VaultError):
        vault(OLD).decrypt(junk)


def test_another_key_of_the_same_name_does_not_open() -> None:
    with pytest.raises(VaultError, match="altered"):
        vault(new_key("k1")).decrypt(vault(OLD).encrypt(NAME))


def test_fingerprints_survive_a_new_key_and_the_end_of_the_old_one() -> None:
    found_by = vault(OLD).fingerprint("id_no", "459901195003070005")
    retired = OLD.replace("k1:", "lookup:")

    assert vault(NEW, OLD).fingerprint("id_no", "459901195003070005") == found_by
    assert vault(NEW, retired).fingerprint("id_no", "459901195003070005") == found_by
    assert vault(NEW).fingerprint("id_no", "459901195003070005") != found_by


def test_a_retired_key_opens_nothing() -> None:
    sealed = vault(OLD).encrypt(NAME)

    with pytest.raises(VaultError, match="not among the keys"):
        vault(NEW, OLD.replace("k1:", "lookup:")).decrypt(sealed)


def test_fingerprints_tell_kinds_and_texts_apart() -> None:
    one = vault(OLD)

    assert len({one.fingerprint(*pair) for pair in [("a", "bc"), ("ab", "c"), ("a", "bd"), ("b", "bc")]}) == 4
    assert len(one.fingerprint("a", "b")) == 32


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ("", "no key for personal data: set ONESTOP_KEYS"),
        (OLD.replace("k1:", "lookup:"), "no key for personal data"),
        ("k1", "entry 1 is not 'id:base64'"),
        ("k 1:AAAA", "entry 1 is not 'id:base64'"),
        ("k1:AAAA", "'k1' has 3 bytes; it must have 32"),
        ("k1:not base64!", "'k1' is not base64"),
        (f"{OLD},{OLD}", "'k1' is given twice"),
    ],
)
def test_keys_that_cannot_be_used_are_named_without_showing_them(entries: str, said: str) -> None:
    with pytest.raises(VaultError, match=said) as caught:
        Vault(parse_keys(entries))
    assert OLD.partition(":")[2] not in str(caught.value)


def test_keys_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{NEW}\n{OLD}\n")
    from_file = Vault.from_settings(Settings(keys_file=file))
    from_environment = Vault.from_settings(Settings(keys=SecretStr(f"{NEW},{OLD}")))

    assert from_environment.decrypt(from_file.encrypt(NAME)) == NAME
    with pytest.raises(VaultError, match="cannot be read"):
        Vault.from_settings(Settings(keys_file=tmp_path / "absent"))
    with pytest.raises(VaultError, match="set ONESTOP_KEYS"):
        Vault.from_settings(Settings())


def test_a_key_does_not_show_in_its_repr() -> None:
    assert "material" not in repr(parse_keys(OLD))


@pytest.mark.parametrize(
    ("masked", "shown"),
    [
        (mask_id_no("459901195003070005"), "4599************05"),
        (mask_id_no("E1234"), "*****"),
        (mask_id_no(""), ""),
        (mask_name("张三"), "张*"),
        (mask_name("欧阳小明"), "欧**明"),
        (mask_name("张"), "*"),
        (mask_name(""), ""),
        (mask_phone("13800001234"), "138****1234"),
        (mask_phone("0771-5"), "****-5"),
        (mask_account("6222000011112222"), "************2222"),
        (mask_account("2222"), "****"),
    ],
)
def test_masks_show_enough_to_recognise_and_not_enough_to_use(masked: str, shown: str) -> None:
    assert masked == shown

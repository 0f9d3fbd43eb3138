"""Keys: kept encrypted and to oneself, trusted from outside, handed over by the old."""

import stat

import pytest

from sitrack.errors import BadInput, NotPermitted, Unavailable
from sitrack.record import keys
from sitrack.record.keys import Rotation, Trusted, extended, read_trusted

PASSPHRASE = "correct horse battery"


@pytest.fixture
def made(tmp_path):
    """Make a key and open it."""

    def make(name="one"):
        path = tmp_path / "keys" / f"{name}.pem"
        keys.make_key_file(path, PASSPHRASE)
        return keys.open_key_file(path, PASSPHRASE, "sitrack/abc")

    make.folder = tmp_path / "keys"
    return make


def test_a_key_signs_what_its_public_half_checks(made):
    signer = made()
    assert keys.is_signed(signer.public, b"text", signer.sign(b"text"))
    assert not keys.is_signed(signer.public, b"texts", signer.sign(b"text"))
    assert not keys.is_signed(signer.public, b"text", b"short")
    assert not keys.is_signed(made("two").public, b"text", signer.sign(b"text"))


def test_the_file_is_encrypted_and_its_owners_alone(made):
    made()
    path = made.folder / "one.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_a_file_is_never_written_over(made):
    made()
    held = (made.folder / "one.pem").read_bytes()
    with pytest.raises(Unavailable, match="already"):
        keys.make_key_file(made.folder / "one.pem", PASSPHRASE)
    assert (made.folder / "one.pem").read_bytes() == held


def test_nor_is_what_a_link_points_to(made, tmp_path):
    made.folder.mkdir()
    target = tmp_path / "target"
    (made.folder / "link.pem").symlink_to(target)
    with pytest.raises(Unavailable):
        keys.make_key_file(made.folder / "link.pem", PASSPHRASE)
    assert not target.exists()


def test_another_passphrase_is_refused_without_a_word_of_it(made):
    made()
    with pytest.raises(NotPermitted) as refusal:
        keys.open_key_file(made.folder / "one.pem", "incorrect horse", "a")
    assert "horse" not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_a_passphrase_is_not_a_word(tmp_path):
    with pytest.raises(BadInput, match="12 characters"):
        keys.make_key_file(tmp_path / "one.pem", "short")
    assert not (tmp_path / "one.pem").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_may_open_is_not_used(made, mode):
    made()
    path = made.folder / "one.pem"
    path.chmod(mode)
    with pytest.raises(Unavailable, match="others") as refusal:
        keys.open_key_file(path, PASSPHRASE, "a")
    assert refusal.value.hint == f"chmod 600 '{path}'"


def test_what_is_no_key_is_refused(tmp_path):
    path = tmp_path / "not.pem"
    with pytest.raises(Unavailable, match="No such file"):
        keys.open_key_file(path, PASSPHRASE, "a")
    path.write_text("-----BEGIN NOTHING-----\n")
    path.chmod(0o600)
    with pytest.raises(NotPermitted):
        keys.open_key_file(path, PASSPHRASE, "a")


@pytest.mark.parametrize("kind", ["plain", "other"])
def test_a_key_that_is_not_encrypted_or_of_another_kind_is_refused(tmp_path, kind):
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    plain = form.NoEncryption()
    key = ed25519.Ed25519PrivateKey.generate()
    if kind == "other":
        key = ec.generate_private_key(ec.SECP256R1())
        plain = form.BestAvailableEncryption(PASSPHRASE.encode())
    path = tmp_path / "other.pem"
    pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, plain)
    path.write_bytes(pem)
    path.chmod(0o600)
    with pytest.raises(Unavailable, match=r"not encrypted|not an Ed25519"):
        keys.open_key_file(path, PASSPHRASE, "a")


def test_a_key_lies_outside_of_the_databases_folder(tmp_path):
    database = tmp_path / "data" / "sitrack.db"
    for inside in ("data/key.pem", "other/../data/key.pem"):
        with pytest.raises(NotPermitted, match="folder of the database"):
            keys.refuse_beside(tmp_path / inside, database)
    keys.refuse_beside(tmp_path / "key.pem", database)
    keys.refuse_beside(tmp_path / "data2" / "key.pem", database)
    keys.refuse_beside(tmp_path / "data" / "key.pem", None)


def test_a_link_into_that_folder_is_seen_through(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").symlink_to(tmp_path / "data")
    with pytest.raises(NotPermitted):
        keys.refuse_beside(tmp_path / "elsewhere/key.pem", tmp_path / "data/a.db")


# --- what a verifier brings along


def test_the_file_for_auditors_says_for_which_heads_a_key_signs(made):
    one, two = made("one").public, made("two").public
    text = f"# of the clinic\n\n{one} from 0 until 40\n{two} from 40\n"
    first, second = read_trusted(text)
    assert (first, second) == (Trusted(one, 0, 40), Trusted(two, 40))
    assert [each.line for each in (first, second)] == text.split("\n")[2:4]
    assert [first.signs(size) for size in (0, 1, 40, 41)] == [False, True, True, False]
    assert [second.signs(size) for size in (40, 41)] == [False, True]


def test_a_key_alone_is_trusted_for_every_head(made):
    key = made().public
    assert read_trusted(str(key)) == [Trusted(key)]


@pytest.mark.parametrize(
    "line", ["", "# nothing", "key", "{} from", "{} from x", "{} until -1", "{} more"]
)
def test_a_line_that_is_not_understood_is_refused(made, line):
    with pytest.raises(BadInput):
        read_trusted(line.format(made().public))


# --- rotation


def rotation(old, new, size):
    said = keys.statement(old.public, new.public, size)
    return Rotation(old.public, new.public, size, old.sign(said))


def test_who_trusts_the_old_key_may_trust_the_one_it_hands_over_to(made):
    one, two, three = made("one"), made("two"), made("three")
    told = [rotation(one, two, 40), rotation(two, three, 90)]
    assert extended([Trusted(one.public)], told) == [
        Trusted(one.public, 0, 40),
        Trusted(two.public, 40, 90),
        Trusted(three.public, 90),
    ]


def test_a_rotation_that_nobody_trusted_signed_says_nothing(made):
    one, two, thief = made("one"), made("two"), made("thief")
    trusted = [Trusted(one.public)]
    assert extended(trusted, [rotation(thief, two, 40)]) == trusted
    forged = Rotation(one.public, thief.public, 40, thief.sign(b"anything"))
    assert not forged.holds
    assert extended(trusted, [forged]) == trusted
    moved = rotation(one, two, 40)
    moved = Rotation(moved.old, moved.new, 7, moved.signature)
    assert extended(trusted, [moved]) == trusted


def test_a_new_key_is_of_no_use_for_old_sizes_even_where_both_were_brought(made):
    one, two = made("one"), made("two")
    brought = [Trusted(one.public), Trusted(two.public)]
    old, new = extended(brought, [rotation(one, two, 40)])
    assert not new.signs(40)
    assert not old.signs(41)


def test_what_auditors_were_told_is_never_loosened(made):
    one, two = made("one"), made("two")
    brought = [Trusted(one.public, 0, 30), Trusted(two.public, 50)]
    assert extended(brought, [rotation(one, two, 40)]) == brought

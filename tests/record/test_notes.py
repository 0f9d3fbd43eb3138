"""Signed notes, against the note and the key of the reference implementation."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sitrack.record import keys, notes
from sitrack.record.notes import Head, NotANote, read_head, read_key, read_note

# The known answer of golang.org/x/mod/sumdb/note.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
LINE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFY"
    "C2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
SIGNED = f"{TEXT}\n{LINE}"

# The example of C2SP tlog-checkpoint and tlog-cosignature.
CHECKPOINT = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeO"
    "oRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWX"
    "EhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def neumann():
    """The private key of the known answer."""
    seed = base64.b64decode(SECRET)[1:]
    return keys.Signer(read_key(NEUMANN), Ed25519PrivateKey.from_private_bytes(seed))


def test_the_known_note_is_read_and_its_signature_holds():
    note = read_note(SIGNED)
    assert note.text == TEXT
    assert keys.is_by(read_key(NEUMANN), note.signatures[0], note.text)


def test_the_known_key_signs_the_known_note_letter_by_letter():
    assert neumann().signed(TEXT).line == LINE
    assert str(notes.Note(TEXT, [neumann().signed(TEXT)])) == SIGNED


def test_the_known_key_has_its_known_spelling():
    assert str(read_key(NEUMANN)) == NEUMANN
    assert neumann().public == read_key(NEUMANN)


def test_another_text_is_not_what_was_signed():
    signature = read_note(SIGNED).signatures[0]
    assert not keys.is_by(read_key(NEUMANN), signature, TEXT.replace("your", "our"))


def test_the_known_checkpoint_is_read_with_its_head():
    note = read_note(CHECKPOINT)
    head = read_head(note.text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert head.text == note.text
    assert str(note) == CHECKPOINT


def test_the_known_cosignature_tells_its_time():
    witness = read_note(CHECKPOINT).signatures[1]
    assert int.from_bytes(witness.blob[:8]) == 1679315147


def test_a_witness_signs_the_time_and_the_head():
    signer = keys.Signer(
        notes.PublicKey("w1", neumann().public.raw, notes.COSIGNATURE),
        neumann()._private,
    )
    head = Head("example.com/log", 7, bytes(32))
    signature = signer.cosigned(head.text, 1679315147)
    message = b"cosignature/v1\ntime 1679315147\n" + head.text.encode()
    assert keys.is_signed(signer.public, message, signature.blob[8:])
    assert keys.is_by(signer.public, signature, head.text)
    later = signature.blob[:7] + b"\x00" + signature.blob[8:]
    other = notes.Signature(signature.name, signature.key_id, later)
    assert not keys.is_by(signer.public, other, head.text)


def test_the_kind_of_a_key_is_in_its_name():
    raw = neumann().public.raw
    names = {notes.PublicKey("w", raw, kind).key_id for kind in (1, 4)}
    assert len(names) == 2
    tagged = hashlib.sha256(b"w\n\x04" + raw).digest()[:4]
    assert notes.PublicKey("w", raw, notes.COSIGNATURE).key_id == tagged


# --- what is no note


@pytest.mark.parametrize("end", range(len(NEUMANN)))
def test_a_key_that_was_cut_or_changed_is_no_key(end):
    for text in (NEUMANN[:end], NEUMANN[end + 1 :]):
        with pytest.raises(NotANote):
            read_key(text)
    changed = f"{NEUMANN[:end]}{chr(ord(NEUMANN[end]) + 1)}{NEUMANN[end + 1 :]}"
    with pytest.raises(NotANote):
        read_key(changed)


NOT_NOTES = {
    "nothing": "",
    "no signature": TEXT,
    "no empty line": f"{TEXT}{LINE}",
    "no last line feed": SIGNED[:-1],
    "a carriage return": SIGNED.replace("\n", "\r\n"),
    "another dash": SIGNED.replace("\u2014", "-"),
    "two spaces": SIGNED.replace("Neumann x0", "Neumann  x0"),
    "base64 of another spelling": SIGNED.replace("AM=", "AN="),
    "a signature of nothing": f"{TEXT}\n\u2014 a AAAAAA==\n",
    "another line below": f"{SIGNED}more\n",
    "a separator of lines": SIGNED.replace("PeterNeumann", "Peter\u2028Neumann"),
    "too many signatures": f"{TEXT}\n{LINE * 65}",
}


@pytest.mark.parametrize("what", NOT_NOTES)
def test_what_is_not_exactly_a_note_is_refused(what):
    with pytest.raises(NotANote):
        read_note(NOT_NOTES[what])


ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
NOT_HEADS = (
    "",
    "a\n1\n",
    f"a\n1\n{ROOT}",
    f"\n1\n{ROOT}\n",
    f"a\n01\n{ROOT}\n",
    f"a\n-1\n{ROOT}\n",
    f"a\n+1\n{ROOT}\n",
    f"a\n1_0\n{ROOT}\n",
    f"a\n\u0661\n{ROOT}\n",
    f"a\n{'9' * 19}\n{ROOT}\n",
    f"a\n1\n{ROOT[:-4]}\n",
    f"a\n1\n{ROOT}\nmore\n",
    f"a\n1\n {ROOT}\n",
)


@pytest.mark.parametrize("text", NOT_HEADS)
def test_what_is_not_exactly_a_head_is_refused(text):
    with pytest.raises(NotANote):
        read_head(text)


@given(st.text(max_size=200))
def test_no_text_does_more_than_be_refused(text):
    for read in (read_note, read_head, read_key):
        with pytest.raises(NotANote):
            read(text)


@given(st.integers(0, 10**18 - 1), st.binary(min_size=32, max_size=32))
def test_a_head_reads_back_as_it_was(size, root):
    head = Head("sitrack/abc", size, root)
    assert read_head(head.text) == head

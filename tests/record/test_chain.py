"""The chain's arithmetic, against a few independent lines and a small RFC 8785."""

import hashlib
import json
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sitrack.errors import BadInput
from sitrack.record import chain

# --- known answers


def test_a_frame_is_a_tag_a_length_of_eight_bytes_and_the_text():
    expected = b"\x01" + bytes(7) + b"\x02" + "é".encode() + b"\x00"
    assert chain.frame(["é", None]) == expected


def test_the_genesis_of_a_stream_is_the_hash_of_its_tag_ledger_and_name():
    expected = hashlib.sha256(b"sitrack/genesis/1\nabcoffice").digest()
    assert chain.genesis("abc", "office") == expected


def test_a_commitment_is_the_hash_of_its_tag_salt_and_payload():
    expected = hashlib.sha256(b"sitrack/payload/1\n" + b"s" * 16 + b"{}").digest()
    assert chain.commitment(b"s" * 16, b"{}") == expected


def test_an_entry_is_chained_by_tag_previous_hash_and_frame():
    frame = b"".join(
        b"\x00" if each is None else b"\x01" + len(each).to_bytes(8) + each.encode()
        for each in ("abc", None, "", "office")
    )
    expected = hashlib.sha256(b"sitrack/entry/1\n" + b"p" * 32 + frame).digest()
    assert chain.entry_hash(b"p" * 32, ["abc", None, "", "office"]) == expected


def test_the_three_kinds_of_hash_never_stand_for_each_other():
    same = b"x" * 48
    hashes = {
        chain.genesis(same.decode(), ""),
        chain.commitment(same, b""),
        chain.entry_hash(same, []),
    }
    assert len(hashes) == 3


# --- frames


def test_a_missing_field_is_not_an_empty_one():
    assert chain.frame([None]) != chain.frame([""])


def test_bytes_cannot_be_shifted_across_a_field_boundary():
    assert chain.frame(["ab", "c"]) != chain.frame(["a", "bc"])


FIELDS = st.lists(st.none() | st.text(), max_size=5)


def unframed(data):
    """Read a frame back, in a way that shares no line with the one that writes."""
    fields = []
    while data:
        if data[0] == 0:
            fields.append(None)
            data = data[1:]
        else:
            end = 9 + int.from_bytes(data[1:9])
            fields.append(data[9:end].decode())
            data = data[end:]
    return fields


@given(FIELDS)
@example(["a" * 127, "a" * 128, None, "a" * 70_000])
@example(["é" * 63, "é" * 64, "\x00", ""])
def test_fields_can_be_told_apart_again_from_their_frame(fields):
    assert unframed(chain.frame(fields)) == fields


# --- payloads


def canonical(value):
    """RFC 8785 for JSON without floats, written from its text."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(_escaped(letter) for letter in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(canonical(each) for each in value) + "]"
    by_utf16 = sorted(value, key=lambda key: key.encode("utf-16-be"))
    members = (f"{canonical(key)}:{canonical(value[key])}" for key in by_utf16)
    return "{" + ",".join(members) + "}"


_SHORT = {"\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r", '"': '"', "\\": "\\"}


def _escaped(letter):
    if letter in _SHORT:
        return "\\" + _SHORT[letter]
    return f"\\u{ord(letter):04x}" if letter < " " else letter


KEYS = st.text(alphabet="abcxyz_", min_size=1, max_size=6)
TEXTS = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20
).map(lambda text: unicodedata.normalize("NFC", text))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
@example({"note": "\x7f\u2028\u2029/<>&'\U0001f600\x01\x1f\"\\"})
def test_a_payload_is_spelled_as_rfc_8785_has_it(payload):
    assert chain.payload_text(payload) == canonical(payload)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_a_payload_reads_back_as_it_was(payload):
    assert json.loads(chain.payload_text(payload)) == payload


@pytest.mark.parametrize("value", [1.5, 2.0, float("nan"), float("inf")])
def test_a_float_is_refused_wherever_it_hides(value):
    for payload in ({"a": value}, {"a": [value]}, {"a": {"b": (value,)}}):
        with pytest.raises(TypeError, match="float"):
            chain.payload_text(payload)


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object()])
def test_what_json_has_no_word_for_is_refused(value):
    with pytest.raises(TypeError):
        chain.payload_text({"a": value})


def test_text_is_kept_in_one_normal_form():
    assert chain.payload_text({"a": "e\u0301"}) == chain.payload_text({"a": "\u00e9"})


@pytest.mark.parametrize("text", ["\x00", "a\x00b"])
def test_a_nul_character_is_refused_in_one_sentence(text):
    for payload in ({"a": text}, {"a": [{"b": text}]}):
        with pytest.raises(BadInput, match="holds a NUL character"):
            chain.payload_text(payload)


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_half_a_character_is_refused_and_not_repeated(text):
    with pytest.raises(BadInput, match="are not Unicode") as refusal:
        chain.payload_text({"a": text})
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize("key", ["", "A", "a b", "a1", "é", "a\n", 1, None])
def test_a_key_is_a_lower_case_word(key):
    with pytest.raises(ValueError, match="lower-case"):
        chain.payload_text({"a": {key: 1}})


def test_a_payload_has_a_largest_size_in_bytes():
    assert chain.payload_text({"a": "é" * 99_990})
    with pytest.raises(BadInput, match="200 kB"):
        chain.payload_text({"a": "é" * 100_000})

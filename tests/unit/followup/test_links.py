"""A link is good for one question, for as long as it is open, and only if we signed it."""

import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer
from pydantic import SecretStr

from services.followup.adapters.links import Grant, Links
from shared.kernel.errors import Missing
from shared.settings.mounted import MountedSecret
from tests.unit.followup.story import NOON

OLD, NEW, FOREIGN = "o" * 32, "n" * 32, "f" * 32
CHECK_IN = UUID(int=7)
BASE = "https://help.example/follow"


def keys(*them: str) -> SecretStr:
    return SecretStr(json.dumps(them))


def token_of(links: Links) -> str:
    return links.link(CHECK_IN, NOON).rsplit("/", 1)[1]


def test_a_link_names_its_question_and_its_end() -> None:
    links = Links(BASE + "/", keys(NEW))
    assert links.link(CHECK_IN, NOON).startswith(BASE + "/v1/check-ins/")
    assert links.read(token_of(links)) == Grant(CHECK_IN, NOON)


def test_the_end_in_a_link_is_never_before_the_window_closes() -> None:
    links = Links(BASE, keys(NEW))
    closes_at = NOON + timedelta(microseconds=1)
    token = links.link(CHECK_IN, closes_at).rsplit("/", 1)[1]
    assert links.read(token).closes_at >= closes_at


def test_links_of_an_older_secret_are_believed_while_it_is_listed() -> None:
    token = token_of(Links(BASE, keys(OLD)))
    assert Links(BASE, keys(OLD, NEW)).read(token).check_in_id == CHECK_IN
    with pytest.raises(Missing):
        Links(BASE, keys(NEW)).read(token)


def test_the_newest_secret_signs() -> None:
    assert Links(BASE, keys(NEW)).read(token_of(Links(BASE, keys(OLD, NEW))))


def test_keys_that_are_replaced_sign_and_are_believed_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(json.dumps([OLD]))
    links = Links(BASE, MountedSecret(path))
    before = token_of(links)
    path.write_text(json.dumps([OLD, NEW]))
    assert links.read(before)
    assert Links(BASE, keys(NEW)).read(token_of(links))
    path.write_text(json.dumps([NEW]))
    with pytest.raises(Missing):
        links.read(before)


@pytest.mark.parametrize("content", ["[", "[]", '["short"]'])
def test_while_a_file_holds_no_keys_those_that_it_held_last_count(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "keys"
    path.write_text(json.dumps([NEW]))
    links = Links(BASE, MountedSecret(path))
    path.write_text(content)
    assert Links(BASE, keys(NEW)).read(token_of(links))


def test_no_single_character_of_a_link_can_be_changed() -> None:
    links = Links(BASE, keys(NEW))
    token = token_of(links)
    for place, sign in enumerate(token):
        forged = token[:place] + ("A" if sign != "A" else "B") + token[place + 1 :]
        with pytest.raises(Missing) as refused:
            links.read(forged)
        assert refused.value.detail == "the link is incomplete or not ours"


@given(st.text())
def test_anything_else_is_no_link(token: str) -> None:
    with pytest.raises(Missing):
        Links(BASE, keys(NEW)).read(token)


def test_a_signature_made_for_another_purpose_or_with_another_key_is_not_believed() -> None:
    content = [CHECK_IN.hex, int(NOON.timestamp())]
    for key, salt in ((NEW, "itsdangerous"), (FOREIGN, "rapport.check-in")):
        forger = URLSafeSerializer(key, salt=salt, signer_kwargs={"digest_method": sha256})
        with pytest.raises(Missing):
            Links(BASE, keys(NEW)).read(str(forger.dumps(content)))

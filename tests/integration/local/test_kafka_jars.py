"""Only jars with pinned digests are run, and a broken fetch leaves nothing behind."""

import hashlib
import re
from pathlib import Path

import pytest

from deploy.local import kafka_jars
from deploy.local.failure import KafkaUnavailable, LaunchFailure
from deploy.local.kafka_jars import Jar, class_path, pinned

GOOD = b"a jar"
JAR = Jar("org.example:thing:1.0", hashlib.sha256(GOOD).hexdigest())


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[bytes | Exception]:
    """What the jars' home answers, one after the other."""
    answers: list[bytes | Exception] = []

    def download(_coordinate: str, repository: Path) -> Path:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        path = repository / "download.jar"
        path.write_bytes(answer)
        return path

    monkeypatch.setattr(kafka_jars, "download", download)
    return answers


def quiet(_line: str) -> None:
    """Say nothing."""


def test_a_jar_is_fetched_once_and_then_taken_from_the_folder(
    tmp_path: Path, served: list[bytes | Exception]
) -> None:
    served.append(GOOD)
    lines: list[str] = []
    folder = tmp_path / "4"
    assert class_path(lines.append, [JAR], folder) == str(folder / "thing-1.0.jar")
    assert class_path(lines.append, [JAR], folder) == str(folder / "thing-1.0.jar")
    assert len(lines) == 1
    assert "Fetching Apache Kafka" in lines[0]


def test_a_fetched_jar_with_another_digest_is_refused_and_not_kept(
    tmp_path: Path, served: list[bytes | Exception]
) -> None:
    served.append(b"something else")
    with pytest.raises(LaunchFailure, match=r"thing-1\.0\.jar is not the file that was pinned"):
        class_path(quiet, [JAR], tmp_path / "4")
    assert not list(tmp_path.rglob("*.jar"))


def test_a_jar_that_was_changed_in_its_folder_is_refused(
    tmp_path: Path, served: list[bytes | Exception]
) -> None:
    served.append(GOOD)
    folder = tmp_path / "4"
    class_path(quiet, [JAR], folder)
    (folder / JAR.file_name).write_bytes(b"changed")
    with pytest.raises(LaunchFailure, match=JAR.sha256):
        class_path(quiet, [JAR], folder)


def test_a_refused_jar_is_no_reason_to_use_another_broker() -> None:
    with pytest.raises(LaunchFailure) as refused:
        kafka_jars.check(JAR, Path(__file__))
    assert not isinstance(refused.value, KafkaUnavailable)


def test_a_hiccup_is_tried_again_and_an_outage_is_called_by_its_name(
    tmp_path: Path, served: list[bytes | Exception]
) -> None:
    served += [RuntimeError("502"), GOOD]
    class_path(quiet, [JAR], tmp_path / "4")
    served += [RuntimeError("502")] * 3
    with pytest.raises(KafkaUnavailable, match="cannot be fetched"):
        class_path(quiet, [JAR], tmp_path / "5")


def test_the_pinned_list_is_whole_and_names_no_host() -> None:
    jars = pinned()
    assert len({jar.file_name for jar in jars}) == len(jars)
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in jars)
    assert f"kafka_2.13-{kafka_jars.VERSION}.jar" in {jar.file_name for jar in jars}
    assert "://" not in kafka_jars.PINS.read_text()

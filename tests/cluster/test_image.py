"""The image, as it was built: what is in it, what is not, and what it refuses to be built on."""

import json
import tarfile
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pytest

from deploy.k8s.local.images import BASE, STORE, make_rapport
from deploy.k8s.local.places import IMAGES
from deploy.k8s.local.platform import HERE
from deploy.local.failure import LaunchFailure
from deploy.local.instance import ROOT
from deploy.local.processes import run

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

Json = dict[str, Any]
LARGEST_BYTES = 200 * 10**6
TAGGED = "registry.example/python:3.11"
SBOM = "opt/rapport/sbom.cdx.json"


class Image:
    """An image as an archive holds it (OCI image layout), while that is open."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        [described] = self._json("index.json")["manifests"]
        self.manifest = self._blob(described["digest"])

    @cached_property
    def config(self) -> Json:
        found: Json = self._blob(self.manifest["config"]["digest"])["config"]
        return found

    @cached_property
    def files(self) -> set[str]:
        return {name for layer in self._layers() for name in layer.getnames()}

    def text(self, name: str) -> str:
        """A file of it."""
        [found] = [layer for layer in self._layers() if name in layer.getnames()]
        member = found.extractfile(name)
        assert member
        return member.read().decode()

    def _layers(self) -> Iterator[tarfile.TarFile]:
        for each in self.manifest["layers"]:
            blob = self._archive.extractfile(_place(each["digest"]))
            yield tarfile.open(fileobj=blob)  # noqa: SIM115 -- likewise

    def _blob(self, digest: str) -> Json:
        return self._json(_place(digest))

    def _json(self, name: str) -> Json:
        member = self._archive.extractfile(name)
        assert member
        found: Json = json.load(member)
        return found


def _place(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


@pytest.fixture(scope="module")
def image(images: None) -> Iterator[Image]:
    with tarfile.open(IMAGES / f"rapport-{HERE}.tar") as archive:
        yield Image(archive)


def test_it_is_small_enough_to_be_there_soon(image: Image) -> None:
    assert sum(each["size"] for each in image.manifest["layers"]) < LARGEST_BYTES


def test_it_runs_as_a_number_that_is_not_root(image: Image) -> None:
    assert image.config["User"] == "65532:65532"
    assert image.config["Entrypoint"] == ["python"]


def test_it_holds_the_services_compiled_and_nothing_that_only_a_machine_like_ours_needs(
    image: Image,
) -> None:
    inside = {name.removeprefix("opt/rapport/src/") for name in image.files}
    assert "services/intake/__main__.py" in inside
    assert any(name.startswith("services/intake/__pycache__/__main__.") for name in inside)
    assert not [name for name in inside if name.startswith(("deploy/", "tests/", "tools/"))]


def test_it_holds_no_compiler_and_nothing_that_installs_packages(image: Image) -> None:
    programs = {name.rpartition("/")[2] for name in image.files if "/bin/" in f"/{name}"}
    assert not programs & {"gcc", "cc", "make", "go", "pip", "pip3"}


def test_what_is_in_it_is_listed_package_by_package(image: Image) -> None:
    listed = json.loads(image.text(SBOM))
    assert listed["bomFormat"] == "CycloneDX"
    names = {each["name"].lower().replace("_", "-") for each in listed["components"]}
    locked = {
        line.split("==")[0].partition("[")[0]
        for line in (ROOT / "requirements/runtime.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#") and "sys_platform == 'win32'" not in line
    }
    assert len(names) > 50
    assert not {"aiokafka", "asyncpg", "fastapi"} - names
    assert names <= locked


def test_a_base_that_can_change_under_its_name_is_refused() -> None:
    run(["buildah", *STORE, "tag", BASE, TAGGED], "Naming the base as a registry would")
    with pytest.raises(LaunchFailure, match="BASE needs a digest, not only a tag"):
        make_rapport("refused", base=TAGGED)

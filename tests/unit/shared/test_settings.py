"""Settings come from the environment, and complaints name the variable but never the value."""

from pathlib import Path

import pytest

from shared.settings import ServiceSettings, SettingsError, load

COMPLETE = {
    "RAPPORT_DATABASE__DSN": "postgresql://me:s3cret@host/db",
    "RAPPORT_KAFKA__BOOTSTRAP": "broker:9092",
    "RAPPORT_AUTH__ISSUER": "https://issuer.example",
    "RAPPORT_AUTH__JWKS": "/keys/jwks.json",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def complaint() -> str:
    with pytest.raises(SettingsError) as caught:
        load(ServiceSettings)
    return str(caught.value)


def test_a_complete_environment_is_read() -> None:
    settings = load(ServiceSettings)
    assert settings.kafka.bootstrap == "broker:9092"
    assert settings.database.dsn.get_secret_value() == COMPLETE["RAPPORT_DATABASE__DSN"]


@pytest.mark.parametrize("name", COMPLETE)
def test_each_variable_that_is_missing_is_named(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)
    assert complaint().startswith(f"{name} is not set: ")


def test_a_misspelt_variable_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RAPPORT_KAFKA__BOOTSTRAPS", "other")
    assert (
        complaint() == "RAPPORT_KAFKA__BOOTSTRAPS: unknown; did you mean RAPPORT_KAFKA__BOOTSTRAP?"
    )


@pytest.mark.parametrize("name", ["RAPPORT_KAFKA__LANES", "rapport_kafka__lanes"])
def test_a_renamed_variable_is_refused_with_its_new_name(
    environment: pytest.MonkeyPatch, name: str
) -> None:
    environment.setenv(name, "2")
    assert complaint() == "RAPPORT_KAFKA__LANES is now RAPPORT_KAFKA__GROUP_MEMBERS"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RAPPORT_HTTP__PORT", "77777"),
        ("RAPPORT_AUTH__JWKS", "http://not.safe/jwks"),
        ("RAPPORT_TELEMETRY__LOG_LEVEL", "chatty"),
        ("RAPPORT_DRAIN_SECONDS", "-1"),
    ],
)
def test_a_wrong_value_is_refused_and_not_repeated(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    text = complaint()
    (line,) = text.splitlines()
    assert line.startswith(f"{name}: ")
    assert value not in line


def test_a_secret_may_stand_in_a_file_and_is_read_again_when_it_is_replaced(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounted_at(environment, tmp_path / "dsn").write_text("postgresql://me:old@host/db\n")
    dsn = load(ServiceSettings).database.dsn
    assert dsn.get_secret_value() == "postgresql://me:old@host/db"
    (tmp_path / "dsn").write_text("postgresql://me:new@host/db\n")
    assert dsn.get_secret_value() == "postgresql://me:new@host/db"
    (tmp_path / "dsn").unlink()
    assert dsn.get_secret_value() == "postgresql://me:new@host/db"
    assert "new" not in repr(dsn)


@pytest.mark.parametrize(
    ("dsn", "user", "password", "address"),
    [
        ("postgresql://host/db", None, None, "postgresql://host/db"),
        ("postgresql://host/db", "me", "p@ss:w/rd", "postgresql://me:p%40ss%3Aw%2Frd@host/db"),
        ("postgresql://you:old@host/db", None, "new", "postgresql://you:new@host/db"),
        ("postgresql://you:p%40@a:1,b:2/db?x=1", "me", None, "postgresql://me:p%40@a:1,b:2/db?x=1"),
    ],
)
def test_user_and_password_go_before_those_in_the_address(
    environment: pytest.MonkeyPatch,
    dsn: str,
    user: str | None,
    password: str | None,
    address: str,
) -> None:
    environment.setenv("RAPPORT_DATABASE__DSN", dsn)
    for name, value in (("USER", user), ("PASSWORD", password)):
        if value:
            environment.setenv(f"RAPPORT_DATABASE__{name}", value)
    database = load(ServiceSettings).database
    assert database.address() == address
    assert "p@ss" not in repr(database)


def test_a_password_in_a_file_is_read_anew_for_each_address(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("RAPPORT_DATABASE__DSN", "postgresql://me@host/db")
    environment.setenv("RAPPORT_DATABASE__PASSWORD_FILE", str(tmp_path / "password"))
    (tmp_path / "password").write_text("old\n")
    database = load(ServiceSettings).database
    assert database.address() == "postgresql://me:old@host/db"
    (tmp_path / "password").write_text("new\n")
    assert database.address() == "postgresql://me:new@host/db"


def test_who_vouches_for_the_database_is_looked_for_at_the_start(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "ca.crt"
    environment.setenv(
        "RAPPORT_DATABASE__DSN", f"postgresql://host/db?sslmode=verify-full&sslrootcert={file}"
    )
    reason = "must name in sslrootcert a file that can be read: No such file or directory"
    assert complaint() == f"RAPPORT_DATABASE__DSN: {reason}"
    file.touch()
    assert load(ServiceSettings).database.address().endswith(str(file))


def test_a_file_that_cannot_be_read_is_named_and_so_is_an_empty_one(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = mounted_at(environment, tmp_path / "dsn")
    name = "RAPPORT_DATABASE__DSN_FILE"
    assert complaint() == f"{name}: must be a file that can be read: No such file or directory"
    path.write_text("\n")
    assert complaint() == f"{name}: the file is empty"
    path.write_text("mysql://me:s3cret@host/db")
    assert complaint() == "RAPPORT_DATABASE__DSN: must be a postgresql:// address"
    environment.setenv("RAPPORT_DATABASE__DSN", "postgresql://host/db")
    assert complaint() == f"{name}: must be unset where RAPPORT_DATABASE__DSN is set"


def test_only_a_secret_may_stand_in_a_file(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RAPPORT_KAFKA__CLIENT_ID_FILE", "/etc/hostname")
    assert complaint().startswith("RAPPORT_KAFKA__CLIENT_ID_FILE: unknown")


def mounted_at(environment: pytest.MonkeyPatch, path: Path) -> Path:
    environment.delenv("RAPPORT_DATABASE__DSN")
    environment.setenv("RAPPORT_DATABASE__DSN_FILE", str(path))
    return path


def test_secrets_do_not_show() -> None:
    assert "s3cret" not in repr(load(ServiceSettings))


def test_every_setting_is_described() -> None:
    blocks = [ServiceSettings] + [
        field.annotation for field in ServiceSettings.model_fields.values()
    ]
    fields = [
        (name, field.description)
        for block in blocks
        for name, field in getattr(block, "model_fields", {}).items()
    ]
    assert [name for name, description in fields if not description] == []

"""What an operator gets wrong in an environment is refused at start, in a line that says what to set."""

import json
import re
from importlib import import_module

import pytest

from shared.contracts.topics import SERVICES
from shared.settings import ServiceSettings, SettingsError, load, not_read
from shared.settings.forms import form_of
from shared.settings.variables import known, variables
from tests.architecture.pages import ROOT
from tools.settings import page

COMPLETE = {
    "RAPPORT_DATABASE__DSN": "postgresql://me:s3cret@db.example:5432/rapport",
    "RAPPORT_KAFKA__BOOTSTRAP": "broker.example:9092",
    "RAPPORT_AUTH__ISSUER": "https://issuer.example",
    "RAPPORT_AUTH__JWKS": "jwks.json",
    "RAPPORT_ATTACHMENTS__URL": "s3://rapport/attachments",
    "RAPPORT_PUBLIC_URL": "https://help.example",
    "RAPPORT_LINK_SECRETS": json.dumps(["s" * 32]),
}
SASL = {
    "RAPPORT_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "RAPPORT_KAFKA__SASL_USERNAME": "intake",
    "RAPPORT_KAFKA__SASL_PASSWORD": "s3cret",
}
TLS = {"RAPPORT_KAFKA__SECURITY_PROTOCOL": "SSL"}
NONSENSE = (
    "",
    "x",
    "-1",
    "nan",
    "inf",
    "1e999",
    "{",
    "[]",
    "[7]",
    '{"x": 7}',
    "21",
    "25:99",
    "http:",
)
FOREIGN = ("should be", "Extra inputs", "Value error", "permitted", "ctx", "Errno", "unable to")


def settings_of(service: str) -> type[ServiceSettings]:
    settings: type[ServiceSettings] = import_module(f"services.{service}.settings").Settings
    return settings


EVERY = sorted({name for service in SERVICES for name, _ in variables(settings_of(service))})


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def complaints(service: str) -> list[str]:
    """What a start says of the environment, and nothing if it starts."""
    try:
        load(settings_of(service))
    except SettingsError as error:
        return str(error).splitlines()
    return []


def set_all(environment: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        environment.setenv(name, value)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("RAPPORT_DRAIN_SECONDZ", "RAPPORT_DRAIN_SECONDS"),
        ("RAPPORT_QUARANTIN__MAX_COUNT", "RAPPORT_QUARANTINE__MAX_COUNT"),
        ("RAPPORT_QUARANTINE_MAX_COUNT", "RAPPORT_QUARANTINE__MAX_COUNT"),
        ("RAPPORT_DISPATCH_SECOND", "RAPPORT_DISPATCH_SECONDS"),
        ("rapport_http__prot", "RAPPORT_HTTP__PORT"),
    ],
)
def test_a_variable_of_no_service_is_refused_with_the_nearest_name(
    environment: pytest.MonkeyPatch, service: str, misspelt: str, meant: str
) -> None:
    environment.setenv(misspelt, "3")
    assert complaints(service) == [f"{misspelt.upper()}: unknown; did you mean {meant}?"]


def test_a_name_that_is_near_to_none_is_refused_without_a_guess(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("RAPPORT_QQXYZZY__FJJWVKQ", "3")
    assert complaints("intake") == ["RAPPORT_QQXYZZY__FJJWVKQ: unknown"]


def test_what_another_service_reads_is_named_and_stops_nothing(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("RAPPORT_DISPATCH_SECONDS", "3")
    assert complaints("intake") == []
    assert "RAPPORT_DISPATCH_SECONDS is read by routing" in not_read(settings_of("intake"))
    assert "RAPPORT_DISPATCH_SECONDS" not in str(not_read(settings_of("routing")))


def test_an_old_name_of_any_service_is_refused_by_all(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RAPPORT_PER_LANE", "3")
    assert complaints("intake") == ["RAPPORT_PER_LANE is now RAPPORT_PER_GROUP"]


def test_what_kubernetes_says_of_a_service_beside_it_is_passed_over(
    environment: pytest.MonkeyPatch,
) -> None:
    links = ("SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP", "PORT_8080_TCP_ADDR")
    set_all(environment, {f"RAPPORT_INTAKE_{link}": "tcp://10.0.0.7" for link in links})
    assert len(complaints("routing")) == len(links)
    environment.setenv("RAPPORT_INTAKE_SERVICE_HOST", "10.0.0.7")
    assert complaints("routing") == []


@pytest.mark.parametrize(
    ("service", "name", "example"),
    [
        ("intake", "RAPPORT_SMTP__DOMAINS", '["rapport.example"]'),
        ("intake", "RAPPORT_CENTRE__TIME_ZONES", '"de": "Europe/Berlin"'),
        ("followup", "RAPPORT_CHECK_IN__RULES", '"channel": "chat"'),
        ("followup", "RAPPORT_LINK_SECRETS", "["),
        ("followup", "RAPPORT_KAFKA", "variables that begin with RAPPORT_KAFKA__"),
    ],
)
def test_what_is_no_json_is_refused_in_one_line_with_an_example(
    environment: pytest.MonkeyPatch, service: str, name: str, example: str
) -> None:
    environment.setenv(name, "foo")
    (line,) = complaints(service)
    assert line.startswith(f"{name}: no JSON; expected: ")
    assert example in line


def test_a_misspelt_name_inside_of_json_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RAPPORT_CHECK_IN__RULES", '[{"chanel": "chat"}]')
    (line,) = complaints("followup")
    assert line.startswith("RAPPORT_CHECK_IN__RULES: 0.chanel: unknown; expected: JSON list")
    environment.setenv("RAPPORT_CHECK_IN__RULES", '[{"channel": "caht"}]')
    (line,) = complaints("followup")
    assert line.startswith("RAPPORT_CHECK_IN__RULES: 0.channel: must be 'email', 'phone'")


@pytest.mark.parametrize(
    ("service", "values", "refused"),
    [
        ("intake", {"RAPPORT_DATABASE__POOL_MIN": "11"}, "DATABASE__POOL_MAX"),
        ("intake", {"RAPPORT_DATABASE__DSN": "mysql://db/x"}, "DATABASE__DSN"),
        ("intake", {"RAPPORT_DATABASE__DSN": "db.example:5432"}, "DATABASE__DSN"),
        ("intake", {"RAPPORT_DATABASE__DSN": "postgresql://db:port/x"}, "DATABASE__DSN"),
        ("intake", {"RAPPORT_DATABASE__DSN": "postgresql://u:s3cr[et@db/x"}, "DATABASE__DSN"),
        ("intake", {"RAPPORT_DATABASE__DSN": "postgresql://u:s3\u2100@db/x"}, "DATABASE__DSN"),
        ("intake", {"RAPPORT_HTTP__CALLER_PER_SECOND": "inf"}, "HTTP__CALLER_PER_SECOND"),
        ("intake", {"RAPPORT_DATABASE__DSN": "postgresql://u:s3/cret@db/x"}, "DATABASE__DSN"),
        ("intake", {"RAPPORT_KAFKA__BOOTSTRAP": "a.example:9092,,"}, "KAFKA__BOOTSTRAP"),
        ("intake", {"RAPPORT_KAFKA__BOOTSTRAP": "kafka://a.example:9092"}, "KAFKA__BOOTSTRAP"),
        ("intake", {"RAPPORT_KAFKA__BOOTSTRAP": "a.example"}, "KAFKA__BOOTSTRAP"),
        ("intake", {"RAPPORT_KAFKA__SESSION_TIMEOUT_MS": "8999"}, "KAFKA__HEARTBEAT_INTERVAL_MS"),
        ("intake", SASL | {"RAPPORT_KAFKA__SASL_USERNAME": ""}, "KAFKA__SASL_USERNAME"),
        ("intake", {"RAPPORT_KAFKA__SASL_USERNAME": "intake"}, "KAFKA__SASL_USERNAME"),
        ("intake", TLS | {"RAPPORT_KAFKA__SSL_CAFILE": "/gone.pem"}, "KAFKA__SSL_CAFILE"),
        ("intake", TLS | {"RAPPORT_KAFKA__SSL_CAFILE": "/"}, "KAFKA__SSL_CAFILE"),
        ("intake", {"RAPPORT_KAFKA__SSL_CAFILE": __file__}, "KAFKA__SSL_CAFILE"),
        ("intake", TLS | {"RAPPORT_KAFKA__SSL_KEYFILE": __file__}, "KAFKA__SSL_KEYFILE"),
        ("intake", {"RAPPORT_AUTH__ISSUER": ""}, "AUTH__ISSUER"),
        ("intake", {"RAPPORT_HTTP__PROXIES": "proxy.example"}, "HTTP__PROXIES"),
        ("intake", {"RAPPORT_HTTP__PROXIES": "*"}, "HTTP__PROXIES"),
        ("intake", {"RAPPORT_HTTP__LOAD_BALANCER": "true"}, "HTTP__PROXIES"),
        ("intake", {"RAPPORT_HTTP__SCOPE_PER_SECOND": '{"desk": 0}'}, "HTTP__SCOPE_PER_SECOND"),
        ("intake", {"RAPPORT_TELEMETRY__OTLP_ENDPOINT": "a:4318"}, "TELEMETRY__OTLP_ENDPOINT"),
        ("intake", {"RAPPORT_DRAIN_SECONDS": "inf"}, "DRAIN_SECONDS"),
        ("intake", {"RAPPORT_READING__DEADLINE_SECONDS": "4"}, "READING__DEADLINE_SECONDS"),
        ("intake", {"RAPPORT_MAIL__PASSWORD": "s3cret"}, "MAIL__PASSWORD"),
        ("intake", {"RAPPORT_MAIL__USERNAME": "me"}, "MAIL__PASSWORD"),
        ("intake", {"RAPPORT_MAIL__PORT": "0"}, "MAIL__PORT"),
        ("intake", {"RAPPORT_MAIL__SENDER": "help"}, "MAIL__SENDER"),
        ("intake", {"RAPPORT_MAIL__SENDER_NAME": "a\nb"}, "MAIL__SENDER_NAME"),
        ("intake", {"RAPPORT_MAIL__TIMEOUT_SECONDS": "300"}, "DELIVERY__LEASE_SECONDS"),
        ("intake", {"RAPPORT_DELIVERY__MAX_LEASED": "3"}, "DELIVERY__MAX_LEASED"),
        (
            "intake",
            {"RAPPORT_MAIL__USE_TLS": "true", "RAPPORT_MAIL__START_TLS": "true"},
            "MAIL__START_TLS",
        ),
        (
            "intake",
            {"RAPPORT_DELIVERY__FIRST_RETRY_SECONDS": "4000"},
            "DELIVERY__LONGEST_RETRY_SECONDS",
        ),
        (
            "intake",
            {"RAPPORT_PROMISE__MINIMUM_SECONDS": "20000"},
            "PROMISE__DEFAULT_TARGET_SECONDS",
        ),
        ("intake", {"RAPPORT_ATTACHMENTS__URL": "/var/files"}, "ATTACHMENTS__URL"),
        ("intake", {"RAPPORT_ATTACHMENTS__URL": "file://files"}, "ATTACHMENTS__URL"),
        ("intake", {"RAPPORT_ATTACHMENTS__URL": "s3:///prefix"}, "ATTACHMENTS__URL"),
        ("intake", {"RAPPORT_ATTACHMENTS__URL": "s3://k:s3cret@b"}, "ATTACHMENTS__URL"),
        ("intake", {"RAPPORT_ATTACHMENTS__URL": "file:///files"}, "ATTACHMENTS__SINGLE_NODE"),
        (
            "intake",
            {"RAPPORT_ATTACHMENTS__ACCESS_KEY_ID": "me"},
            "ATTACHMENTS__SECRET_ACCESS_KEY",
        ),
        ("intake", {"RAPPORT_CENTRE__VALUE_TIER": "Very Important"}, "CENTRE__VALUE_TIER"),
        ("routing", {"RAPPORT_DECLINE_PAUSE_SECONDS": "400"}, "LONGEST_DECLINE_PAUSE_SECONDS"),
        ("routing", {"RAPPORT_PER_GROUP": "2000"}, "PASS_LIMIT"),
        ("followup", {"RAPPORT_CHECK_IN__QUIET_FROM": "21"}, "CHECK_IN__QUIET_FROM"),
        ("followup", {"RAPPORT_CHECK_IN__QUIET_FROM": "25:00"}, "CHECK_IN__QUIET_FROM"),
        ("followup", {"RAPPORT_CHECK_IN__QUIET_FROM": "21:00Z"}, "CHECK_IN__QUIET_FROM"),
        ("followup", {"RAPPORT_CHECK_IN__QUIET_UNTIL": "21:00"}, "CHECK_IN__QUIET_UNTIL"),
        ("followup", {"RAPPORT_CHECK_IN__DELAY_SECONDS": "1e300"}, "CHECK_IN__DELAY_SECONDS"),
        ("followup", {"RAPPORT_PUBLIC_URL": "https://help.example/?a=b"}, "PUBLIC_URL"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(
    environment: pytest.MonkeyPatch, service: str, values: dict[str, str], refused: str
) -> None:
    set_all(environment, values)
    (line,) = complaints(service)
    assert line.startswith(f"RAPPORT_{refused}: ")
    assert "s3" not in line.replace("s3://", "")


def test_sasl_asks_for_both_user_name_and_password(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RAPPORT_KAFKA__SECURITY_PROTOCOL", "SASL_SSL")
    assert [line.partition(":")[0] for line in complaints("intake")] == [
        "RAPPORT_KAFKA__SASL_USERNAME",
        "RAPPORT_KAFKA__SASL_PASSWORD",
    ]


@pytest.mark.parametrize(
    "values",
    [
        SASL,
        TLS | {"RAPPORT_KAFKA__SSL_CAFILE": __file__},
        TLS | {"RAPPORT_KAFKA__SSL_CERTFILE": __file__},
        {"RAPPORT_DATABASE__POOL_MIN": "1", "RAPPORT_DATABASE__POOL_MAX": "1"},
        {"RAPPORT_DATABASE__DSN": "postgresql:///rapport?host=/var/run/postgresql"},
        {"RAPPORT_DATABASE__DSN": "postgres://me:p%40w@[::1]:5432,db.example/rapport"},
        {"RAPPORT_KAFKA__BOOTSTRAP": "a.example:9092, [::1]:9092"},
        {"RAPPORT_KAFKA__SESSION_TIMEOUT_MS": "9000"},
        {"RAPPORT_MAIL__USERNAME": "me", "RAPPORT_MAIL__PASSWORD": "s3cret"},
        {"RAPPORT_CENTRE__TIME_ZONES__EN": "America/New_York"},
        {"RAPPORT_HTTP": '{"port": 8000}'},
        {"RAPPORT_HTTP__PROXIES": "10.0.0.0/8, 192.0.2.7"},
        {"RAPPORT_HTTP__LOAD_BALANCER": "true", "RAPPORT_HTTP__PROXIES": "10.0.0.0/8"},
        {"RAPPORT_HTTP__LOAD_BALANCER": "true", "RAPPORT_HTTP__PROXIES": "none"},
        {"RAPPORT_HTTP__SCOPE_PER_SECOND": '{"contacts.write": 200}'},
    ],
    ids=str,
)
def test_what_can_work_is_taken(environment: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    set_all(environment, values)
    assert complaints("intake") == []


@pytest.mark.parametrize("name", EVERY)
def test_whatever_stands_in_a_variable_is_refused_in_our_own_words_or_taken(
    environment: pytest.MonkeyPatch, name: str
) -> None:
    for value in NONSENSE:
        environment.setenv(name, value)
        said = complaints(known().readers[name][0])
        assert all(line.startswith("RAPPORT_") for line in said)
        assert [line for line in said if any(word in line for word in FOREIGN)] == []


def test_every_example_on_the_page_is_taken(environment: pytest.MonkeyPatch) -> None:
    examples = [
        (service, name, form_of(field).example)
        for service in SERVICES
        for name, field in variables(settings_of(service))
        if field.examples or form_of(field).is_json
    ]
    for service, name, example in examples:
        assert example, name
        environment.setenv(name, example)
        assert complaints(service) == []
        assert f"| `{example}` |" in page()
        environment.undo()
        set_all(environment, COMPLETE)
    assert {"RAPPORT_CHECK_IN__QUIET_FROM", "RAPPORT_SMTP__DOMAINS"} <= {
        each[1] for each in examples
    }


def test_the_page_shows_ranges_choices_and_what_bounds_what() -> None:
    rows = {line.split("`")[1]: line for line in page().splitlines() if line.startswith("| `")}
    assert "| whole number | at least 0, at most 65535 |" in rows["RAPPORT_HTTP__PORT"]
    assert "`json`, `console`" in rows["RAPPORT_TELEMETRY__LOG_FORMAT"]
    assert "at least `RAPPORT_DATABASE__POOL_MIN`" in rows["RAPPORT_DATABASE__POOL_MAX"]
    assert "at least `RAPPORT_PER_GROUP`" in rows["RAPPORT_PASS_LIMIT"]
    assert rows.keys() == set(EVERY)


def test_all_that_the_local_profile_sets_belongs_to_a_service() -> None:
    files = [ROOT / "Makefile", *(ROOT / ".ci").iterdir(), *(ROOT / "deploy").rglob("*.py")]
    named = {
        name for file in files for name in re.findall(r"RAPPORT_[A-Z_]*[A-Z]", file.read_text())
    }
    assert "RAPPORT_DATABASE__DSN" in named
    assert sorted(named - known().readers.keys()) == []

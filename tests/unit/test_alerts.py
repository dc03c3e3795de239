"""Alerts arrive at a real mail server and a real web server, and say no value of a row."""

import socket
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    Definitions,
    MaterializeResult,
    asset,
    asset_check,
    build_run_status_sensor_context,
)

from dagster_project.alerts import Sender, alert_sender, build_alerts, failures_of, tell
from dagster_project.channels import Alert, AlertError, Channels
from dagster_project.errors import WarehouseError
from dagster_project.quality.checks import FINDINGS
from dagster_project.settings import Settings, SettingsError, load_settings
from tests.webhook import listening

PERSON = "anna.muster@example.com"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Mailbox:
    """What a mail server takes of every message."""

    def __init__(self) -> None:
        self.messages = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.messages.append((envelope, message_from_bytes(envelope.content, policy=policy.default), session.auth_data))
        return "250 OK"


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, int]]:
    """A mail server that wants a password."""
    mailbox, port = Mailbox(), free_port()

    def authenticate(server, session, envelope, mechanism, data) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"user", b"p@ss"), auth_data=data)

    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, authenticator=authenticate, auth_require_tls=False, auth_required=True
    )
    controller.start()
    yield mailbox, port
    controller.stop()


@pytest.fixture
def webhook() -> Iterator[tuple[list[dict], str]]:
    """What a web server was posted, and its address."""
    with listening() as server:
        yield server


def email_channels(port: int, **others: object) -> Channels:
    return Channels(
        f"smtp://user:p%40ss@127.0.0.1:{port}", "w@example.com", ("a@example.com", "b@example.com"), **others
    )


def test_an_alert_arrives_by_email_and_webhook(mail, webhook):
    mailbox, port = mail
    posts, url = webhook
    email_channels(port, webhook_url=url).send(Alert("It failed", "Here is why.\nhttp://there"))
    ((envelope, message, _),) = mailbox.messages
    assert envelope.rcpt_tos == ["a@example.com", "b@example.com"]
    assert (message["Subject"], message["From"], message.get_content().splitlines()) == (
        "It failed", "w@example.com", ["Here is why.", "http://there"],
    )  # fmt: skip
    assert posts == [{"text": "It failed\nHere is why.\nhttp://there"}]


def test_a_channel_that_fails_keeps_no_other_from_its_alert_and_no_secret_is_told(mail, webhook):
    mailbox, port = mail
    posts, url = webhook
    with pytest.raises(
        AlertError, match=r"by e-mail \(ConnectionRefusedError\) and the webhook \(HTTPError\)"
    ) as raised:
        email_channels(free_port(), webhook_url=url + "/refuse").send(Alert("It failed", "why"))
    assert "p@ss" not in str(raised.value) and url not in str(raised.value)
    assert len(posts) == 1
    with pytest.raises(AlertError, match="the webhook"):
        email_channels(port, webhook_url=f"http://127.0.0.1:{free_port()}").send(Alert("It failed", "why"))
    assert len(mailbox.messages) == 1


@asset
def orders() -> None:
    raise ValueError(f"cannot read {PERSON}")


@asset
def contacts() -> None:
    raise WarehouseError("The table contacts has no column id.")


@asset
def people() -> None:
    """Somebody."""


@asset_check(asset=people, blocking=True)
def gate() -> AssetCheckResult:
    found = [f"core/people: rule {number} (1 of 3 rows fail)" for number in range(7)]
    return AssetCheckResult(
        passed=False, description=f"rule 0 (1 of 3 rows fail: {PERSON})", metadata={FINDINGS: found}
    )


@asset(deps=[people])
def marts() -> None:
    """What comes after the gate."""


@asset(check_specs=[AssetCheckSpec("unique", asset="stage")])
def stage() -> Iterator[MaterializeResult]:
    yield MaterializeResult(check_results=[AssetCheckResult(check_name="unique", passed=False, description=PERSON)])
    raise WarehouseError("dbt: 1 of 2 models and tests failed. unique: Got 1 result.")


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as opened:
        yield opened


def run(instance: DagsterInstance, *assets, checks=()):
    definitions = Definitions(assets=assets, asset_checks=checks)
    job = definitions.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, raise_on_error=False)


def test_a_failed_gate_is_told_without_samples(instance, webhook):
    posts, url = webhook
    result = run(instance, people, marts, checks=[gate])
    sender = Sender(Channels(webhook_url=url), "demo", "https://dagster.example.com/")
    tell(sender, instance, instance.get_run_by_id(result.run_id))
    (post,) = posts
    lines = post["text"].splitlines()
    assert lines[0] == "Warehouse demo: a run of chosen assets failed"
    assert lines[1].startswith("people_gate: core/people: rule 0 (1 of 3 rows fail); core/people: rule 1")
    assert lines[1].endswith("rule 4 (1 of 3 rows fail). And 2 more.")
    assert lines[2] == f"https://dagster.example.com/runs/{result.run_id}"
    assert PERSON not in post["text"]


def test_an_error_is_told_by_its_own_sentence_or_by_its_kind_alone(instance):
    told = failures_of(instance, run(instance, orders, contacts, stage).run_id)
    assert sorted(told) == [
        "contacts: The table contacts has no column id.",
        "orders: ValueError; its log in Dagster says more.",
        "stage: dbt: 1 of 2 models and tests failed. unique: Got 1 result.",
    ]


def quarantine(rows: int):
    @asset(key=["quarantine", "orders"])
    def quarantined() -> MaterializeResult:
        return MaterializeResult(metadata={"dagster/row_count": rows})

    return quarantined


def test_rows_that_come_into_quarantine_are_told(instance, webhook):
    posts, url = webhook
    sender = Sender(Channels(webhook_url=url), "demo")
    for rows in (3, 3, 1003, 2):
        tell(sender, instance, instance.get_run_by_id(run(instance, quarantine(rows)).run_id))
    subject = "Warehouse demo: a run of chosen assets put more rows in quarantine\n"
    assert [post["text"] for post in posts] == [
        f"{subject}quarantine/orders: 3 rows, 3 more than before.",
        f"{subject}quarantine/orders: 1,003 rows, 1,000 more than before.",
    ]


def test_the_sensors_of_what_is_configured_run_and_send(instance, webhook):
    posts, url = webhook
    failure, success = build_alerts(alert_sender(Settings(alert_webhook_url=url)))
    assert {failure.default_status, success.default_status} == {DefaultSensorStatus.RUNNING}
    failed, quarantined = run(instance, contacts), run(instance, quarantine(2))
    for sensor, result, status in ((failure, failed, "FAILURE"), (success, quarantined, "SUCCESS")):
        ended = instance.get_run_by_id(result.run_id)
        assert ended.status == DagsterRunStatus[status]
        event = next(event for event in result.all_events if event.event_type_value == f"PIPELINE_{status}")
        context = build_run_status_sensor_context(
            sensor_name=sensor.name, dagster_event=event, dagster_instance=instance, dagster_run=ended
        )
        sensor(context.for_run_failure() if sensor is failure else context)
    assert [post["text"].splitlines()[1] for post in posts] == [
        "contacts: The table contacts has no column id.",
        "quarantine/orders: 2 rows, 2 more than before.",
    ]


def test_without_a_channel_there_is_no_sensor():
    assert build_alerts(alert_sender(Settings())) == []


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"ALERT_EMAIL_TO": "a@example.com"}, "need all of ALERT_SMTP_URL, ALERT_EMAIL_FROM and ALERT_EMAIL_TO"),
        (
            {"ALERT_SMTP_URL": "mail:secret", "ALERT_EMAIL_FROM": "w@example.com", "ALERT_EMAIL_TO": "a@example.com"},
            "ALERT_SMTP_URL begins with smtp:// or smtps://",
        ),
    ],
)
def test_what_is_incomplete_is_named_without_secrets(monkeypatch: pytest.MonkeyPatch, variables, sentence: str):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=sentence) as raised:
        load_settings()
    assert "secret" not in str(raised.value)

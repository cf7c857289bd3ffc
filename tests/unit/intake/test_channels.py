"""Every channel has a line in the registry, and says itself whom it reaches and how."""

from uuid import UUID

import pytest

from services.intake.adapters.channels.registry import webhooks
from services.intake.domain.address import ContactPoint, PointKind, phone_point
from services.intake.domain.channels import Channels, Destination
from shared.contracts.values import Channel
from tests.unit.intake.builders import CHANNELS, PORTS, SmsGateway, point_of

ONE, OTHER = UUID(int=1), UUID(int=2)
MAIL = point_of(Channel.EMAIL, "asha@example.org")
NUMBER = phone_point("+919812345678")


def test_every_channel_of_the_contract_is_registered() -> None:
    assert set(PORTS) == set(Channel)


def test_customers_can_write_to_us_where_we_run_a_server_or_a_provider_calls_us() -> None:
    servers = {Channel.EMAIL, Channel.WEB, Channel.API}
    assert set(CHANNELS.open()) == servers | set(webhooks(PORTS))


def test_no_provider_calls_us_where_we_run_the_server_or_write_down_what_was_said() -> None:
    ours = {Channel.EMAIL, Channel.WEB, Channel.API, Channel.PHONE, Channel.IN_PERSON}
    assert ours.isdisjoint(webhooks(PORTS))


@pytest.mark.parametrize("channel", Channel)
def test_who_gave_a_mail_address_is_answered_by_mail(channel: Channel) -> None:
    assert CHANNELS.destination(channel, [(ONE, MAIL)]) == Destination(Channel.EMAIL, ONE)


@pytest.mark.parametrize("channel", Channel)
def test_nothing_reaches_a_number_as_long_as_no_channel_delivers_to_numbers(
    channel: Channel,
) -> None:
    assert CHANNELS.destination(channel, [(ONE, NUMBER)]) is None


def test_the_first_contact_point_that_can_be_reached_counts() -> None:
    found = CHANNELS.destination(Channel.PHONE, [(ONE, NUMBER), (OTHER, MAIL)])
    assert found == Destination(Channel.EMAIL, OTHER)


def test_who_wrote_on_a_channel_is_answered_there_if_it_delivers() -> None:
    sms, whatsapp = SmsGateway(), SmsGateway()
    channels = Channels(PORTS | {Channel.SMS: sms, Channel.WHATSAPP: whatsapp})
    points = [(ONE, NUMBER), (OTHER, MAIL)]
    for own in (Channel.SMS, Channel.WHATSAPP):
        assert channels.destination(own, points) == Destination(own, ONE)
    assert channels.destination(Channel.PHONE, points) == Destination(Channel.SMS, ONE)


@pytest.mark.parametrize(
    ("channel", "address", "spelling"),
    [
        (Channel.TELEGRAM, "@Asha", "telegram:asha"),
        (Channel.TELEGRAM, "777", "telegram:777"),
        (Channel.LINE, "U4af49", "line:u4af49"),
        (Channel.MESSENGER, "asha@example.org", "messenger:asha@example.org"),
        (Channel.INSTAGRAM, "+4915123456", "instagram:+4915123456"),
    ],
)
def test_on_a_platform_every_address_is_a_name_there(
    channel: Channel, address: str, spelling: str
) -> None:
    assert point_of(channel, address) == ContactPoint(PointKind.HANDLE, spelling)


def test_in_person_any_kind_of_address_is_noted() -> None:
    assert point_of(Channel.IN_PERSON, "Asha@example.org") == MAIL
    assert point_of(Channel.IN_PERSON, "+91 98123 45678") == NUMBER

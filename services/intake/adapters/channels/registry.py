"""The registry: every channel of the contract, one line each. Nobody else knows which there are."""

from collections.abc import Mapping
from functools import partial

from services.intake.adapters.channels.email.outbound import EmailChannel
from services.intake.adapters.channels.port import ChannelPort, WebhookChannel
from services.intake.adapters.channels.unanswered import UnansweredChannel
from services.intake.domain.address import any_point, handle_point, phone_point
from services.intake.settings import Settings
from shared.contracts.values import Channel
from shared.kernel.clock import Clock


def registered(settings: Settings, clock: Clock) -> dict[Channel, ChannelPort]:
    """The channels, those first by which a customer is answered rather."""
    return {
        Channel.EMAIL: EmailChannel(settings.mail, clock),
        Channel.PHONE: UnansweredChannel(phone_point),
        Channel.CHAT: UnansweredChannel(partial(any_point, Channel.CHAT)),
        Channel.SMS: UnansweredChannel(phone_point),
        Channel.WHATSAPP: UnansweredChannel(partial(phone_point, bare=True)),
        Channel.MESSENGER: UnansweredChannel(partial(handle_point, Channel.MESSENGER)),
        Channel.INSTAGRAM: UnansweredChannel(partial(handle_point, Channel.INSTAGRAM)),
        Channel.TELEGRAM: UnansweredChannel(partial(handle_point, Channel.TELEGRAM)),
        Channel.LINE: UnansweredChannel(partial(handle_point, Channel.LINE)),
        Channel.SOCIAL: UnansweredChannel(partial(any_point, Channel.SOCIAL)),
        Channel.WEB: UnansweredChannel(partial(any_point, Channel.WEB), is_open=True),
        Channel.API: UnansweredChannel(partial(any_point, Channel.API), is_open=True),
        Channel.IN_PERSON: UnansweredChannel(partial(any_point, Channel.IN_PERSON)),
    }


def webhooks(channels: Mapping[Channel, ChannelPort]) -> dict[Channel, WebhookChannel]:
    """Those whose provider calls us."""
    return {
        name: channel for name, channel in channels.items() if isinstance(channel, WebhookChannel)
    }

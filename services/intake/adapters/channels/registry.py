"""The registry: every channel of the contract, one line each. Nobody else knows which there are."""

from collections.abc import Mapping
from functools import partial

from services.intake.adapters.channels.email.outbound import EmailChannel
from services.intake.adapters.channels.inbound_only import InboundOnlyChannel
from services.intake.adapters.channels.port import ChannelPort, WebhookChannel
from services.intake.domain.address import any_point, handle_point, phone_point
from services.intake.settings import Settings
from shared.contracts.values import Channel
from shared.kernel.clock import Clock


def registered(settings: Settings, clock: Clock) -> dict[Channel, ChannelPort]:
    """The channels, those first that are preferred to reach a customer."""
    return {
        Channel.EMAIL: EmailChannel(settings.mail, clock),
        Channel.PHONE: InboundOnlyChannel(phone_point),
        Channel.CHAT: InboundOnlyChannel(partial(any_point, Channel.CHAT)),
        Channel.SMS: InboundOnlyChannel(phone_point),
        Channel.WHATSAPP: InboundOnlyChannel(partial(phone_point, bare=True)),
        Channel.MESSENGER: InboundOnlyChannel(partial(handle_point, Channel.MESSENGER)),
        Channel.INSTAGRAM: InboundOnlyChannel(partial(handle_point, Channel.INSTAGRAM)),
        Channel.TELEGRAM: InboundOnlyChannel(partial(handle_point, Channel.TELEGRAM)),
        Channel.LINE: InboundOnlyChannel(partial(handle_point, Channel.LINE)),
        Channel.SOCIAL: InboundOnlyChannel(partial(any_point, Channel.SOCIAL)),
        Channel.WEB: InboundOnlyChannel(partial(any_point, Channel.WEB), is_open=True),
        Channel.API: InboundOnlyChannel(partial(any_point, Channel.API), is_open=True),
        Channel.IN_PERSON: InboundOnlyChannel(partial(any_point, Channel.IN_PERSON)),
    }


def webhooks(channels: Mapping[Channel, ChannelPort]) -> dict[Channel, WebhookChannel]:
    """Those whose provider calls us."""
    return {
        name: channel for name, channel in channels.items() if isinstance(channel, WebhookChannel)
    }

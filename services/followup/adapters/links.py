"""Signed links: who holds one may answer this one question until it closes, and nothing else."""

import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer
from pydantic import SecretStr

from services.followup.domain.check_ins.questions import UNKNOWN_LINK
from services.followup.settings import link_keys
from shared.kernel.errors import Missing


@dataclass(frozen=True, slots=True)
class Grant:
    """What a link was signed for."""

    check_in_id: UUID
    closes_at: datetime


class Links:
    """Makes and reads links. The last of the keys in `secrets` signs, all of them are believed.

    They are looked at for each link, since a file that holds them may be replaced. Raises `ValueError` without keys.
    """

    def __init__(self, public_url: str, secrets: SecretStr) -> None:
        self._base = public_url.rstrip("/")
        self._secrets, self._keys = secrets, link_keys(secrets)

    def link(self, check_in_id: UUID, closes_at: datetime) -> str:
        """The address a customer opens; it names a moment no earlier than `closes_at`."""
        until = math.ceil(closes_at.timestamp())
        token = self._tokens().dumps([check_in_id.hex, until])
        return f"{self._base}/v1/check-ins/{token}"

    def read(self, token: str) -> Grant:
        """What the token was signed for; Missing, without a word on why, if we did not sign it."""
        try:
            check_in_id, until = self._tokens().loads(token)
        except BadData:
            raise Missing(UNKNOWN_LINK) from None
        return Grant(UUID(check_in_id), datetime.fromtimestamp(until, UTC))

    def _tokens(self) -> URLSafeSerializer:
        """With the keys as they are now; while there are none to be read, as they were last."""
        with suppress(ValueError):
            self._keys = link_keys(self._secrets)
        return URLSafeSerializer(
            self._keys, salt="rapport.check-in", signer_kwargs={"digest_method": sha256}
        )

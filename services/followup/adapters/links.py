"""Signed links: who holds one may answer this one question until it closes, and nothing else."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from services.followup.domain.check_ins.questions import UNKNOWN_LINK
from shared.kernel.errors import Missing


@dataclass(frozen=True, slots=True)
class Grant:
    """What a link was signed for."""

    check_in_id: UUID
    closes_at: datetime


class Links:
    """Makes and reads links. The last of `secrets` signs, all of them are believed."""

    def __init__(self, public_url: str, secrets: Sequence[str]) -> None:
        self._base = public_url.rstrip("/")
        self._tokens = URLSafeSerializer(
            list(secrets), salt="rapport.check-in", signer_kwargs={"digest_method": sha256}
        )

    def link(self, check_in_id: UUID, closes_at: datetime) -> str:
        """The address a customer opens; it names a moment no earlier than `closes_at`."""
        until = math.ceil(closes_at.timestamp())
        token = self._tokens.dumps([check_in_id.hex, until])
        return f"{self._base}/v1/check-ins/{token}"

    def read(self, token: str) -> Grant:
        """What the token was signed for; Missing, without a word on why, if we did not sign it."""
        try:
            check_in_id, until = self._tokens.loads(token)
        except BadData:
            raise Missing(UNKNOWN_LINK) from None
        return Grant(UUID(check_in_id), datetime.fromtimestamp(until, UTC))

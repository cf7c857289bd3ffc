"""Headers of dead letters as the outbox keeps them: MessagePack, because they may hold any bytes."""

import msgspec

pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(list[tuple[str, bytes | None]]).decode

"""What people write, by accident or on purpose, and what becomes of it."""

NUL, LOST = "\x00", "\ufffd"

PLAIN = {
    "sql": "'); drop table message cascade; -- \\'; select pg_sleep(9)",
    "template": "{{7*7}} ${7*7} #{7*7} <%= 7*7 %> {0.__class__.__mro__} {name} %(name)s %s %n",
    "lookup": "${jndi:ldap://127.0.0.1:1/a} $(reboot) `reboot` | reboot & ../../../etc/passwd",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;]]><!--",
    "homograph": "раураl аdmin \u0430pple.example ⅷ",
    "right to left": "\u202ecod.exe\u202c \u2066مرحبا\u2069 \u200fשלום",
    "four bytes": "𝒳🙂👩\u200d👩\u200d👧\u200d👦🏴\U000e0067\U000e007f 𠜎",
    "combining": "Z" + "\u0351\u036b\u0343" * 60 + " Å\u030a \u1e9b\u0323",
    "invisible": "a\u200bb\ufeffc\u00add\u2060",
    "noncharacters": "\ufdd0\ufffe\uffff\U0010ffff",
    "looks like data": 'null NaN 1e999 true "\\u0000" \\x00 \\ud800 =1+1 @SUM(A1)',
    "encoded word": "=?utf-8?q?a=0d=0aBcc:_victim@example.org?=",
    "encoded body": "=?utf-8?b?DQpCY2M6IHZpY3RpbUBleGFtcGxlLm9yZw0KDQpib2R5?=",
    "very long word": "Donaudampfschifffahrt" * 40,
}
"""One line each: kept and shown as they are."""

LINES = {
    "line ends": "Hello\r\nBcc: victim@example.org\r\n\r\n.\r\nMAIL FROM:<a@b.org>",
    "single line ends": "Hello\nBcc: victim@example.org\n\n.\nDATA",
    "old line ends": "Hello\rBcc: victim@example.org\r\r.\rDATA",
    "other line ends": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "controls": "a\x01\x07\x08\x1b[31mred\x7f\x9b0m",
}
"""More than one line, or more than text."""

AWKWARD = PLAIN | LINES
"""All that can be stored; what cannot is NUL, and halves of surrogate pairs."""

UNSTORABLE = {"nul": "a\x00b", "half a pair": "a\ud800b", "halves turned round": "\udc00\ud800"}

DEEP = {
    "lists in lists": b'{"reference": "1", "x": ' + b"[" * 200_000,
    "objects in objects": b'{"personal":' * 50_000,
    "nested and closed": b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a long number": b'{"rules": ' + b"1" * 5_000 + b"}",
    "no number": b'{"service_target_seconds": NaN, "name": "", "topics": []}',
    "not UTF-8": b'{"text": "\xc3\x28"}',
    "half a pair in UTF-8": b'{"solved": true, "comment": "\xed\xa0\x80"}',
    "overlong": b'{"solved": true, "comment": "\xc0\x80"}',
    "nothing": b"",
}
"""Bodies that end in the wrong place, or never."""

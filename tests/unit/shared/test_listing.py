"""A list that is empty says so."""

from shared.kernel.listing import listing


def test_a_list_is_its_lines_and_an_empty_one_its_sentence() -> None:
    assert listing(["one", "two"], nothing="None.") == "one\ntwo"
    assert listing(iter(()), nothing="None.") == "None."

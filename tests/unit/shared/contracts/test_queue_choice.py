"""One rule chooses the queue, for routing's decision and for intake's promise."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.queue_choice import choose_queue
from shared.contracts.routing import QueueChanged, QueueTopic


def queue(name: str, *topics: str, languages: tuple[str, ...] = (), rank: int = 10) -> QueueChanged:
    return QueueChanged(
        queue_id=name,
        name=name,
        topics=tuple(QueueTopic(topic=topic) for topic in topics),
        languages=languages,
        skills={},
        service_target_seconds=900,
        offer_timeout_seconds=30,
        rank=rank,
    )


def chosen(queues: list[QueueChanged], topic: str, language: str) -> str | None:
    choice = choose_queue(queues, topic=topic, language=language)
    return choice[0].queue_id if choice else None


def test_the_queue_that_names_the_topic_and_speaks_the_language_takes_it() -> None:
    queues = [queue("de", "billing", languages=("de",)), queue("te", "billing", languages=("te",))]
    assert chosen(queues, "billing", "te") == "te"


def test_a_queue_without_languages_speaks_all() -> None:
    assert chosen([queue("all", "billing")], "billing", "mn") == "all"


def test_the_lowest_rank_goes_first() -> None:
    assert (
        chosen([queue("a", "billing", rank=2), queue("b", "billing", rank=1)], "billing", "de")
        == "b"
    )


def test_a_topic_that_nobody_names_goes_where_anything_goes() -> None:
    assert chosen([queue("billing", "billing"), queue("rest", "*")], "warranty", "de") == "rest"


def test_a_language_that_nobody_speaks_is_not_asked_for() -> None:
    assert chosen([queue("de", "billing", languages=("de",))], "billing", "mn") == "de"


def test_speaking_the_language_counts_more_than_naming_the_topic() -> None:
    queues = [queue("billing", "billing", languages=("de",)), queue("mn", "*", languages=("mn",))]
    assert chosen(queues, "billing", "mn") == "mn"


def test_without_a_queue_there_is_no_choice() -> None:
    assert chosen([], "billing", "de") is None


some_queue = st.builds(
    queue,
    st.sampled_from("abcd"),
    st.sampled_from(["billing", "warranty", "*"]),
    languages=st.sampled_from([(), ("de",), ("te", "mn")]),
    rank=st.integers(1, 3),
)


@given(
    queues=st.lists(some_queue, unique_by=lambda it: it.queue_id),
    topic=st.sampled_from(["billing", "other"]),
    random=st.randoms(),
)
def test_the_order_in_which_queues_became_known_changes_nothing(
    queues: list[QueueChanged], topic: str, random: Random
) -> None:
    shuffled = list(queues)
    random.shuffle(shuffled)
    assert chosen(queues, topic, "de") == chosen(shuffled, topic, "de")

"""What can go wrong while local parts are started, said for a person."""


class LaunchFailure(Exception):
    """An expected failure: its text is all a person needs, no traceback helps."""


class KafkaUnavailable(LaunchFailure):
    """Apache Kafka cannot be had on this machine now; another broker may do."""

"""What customers read in English."""

from services.followup.locales.wording import Wording

ENGLISH = Wording(
    greeting="Hello {name},",
    greeting_unnamed="Hello,",
    question="Is your matter really solved?",
    asked=(
        "We have noted your matter as solved. Whether it really is, only you can say."
        " Would you tell us? It takes one click:"
    ),
    if_not=(
        "If anything is missing, we take it up again at once,"
        " and you will not have to explain it a second time."
    ),
    until="You can answer until: {closes}",
    thanks="Thank you.",
    yes="Yes, it is solved",
    no="No, not yet",
    satisfaction="How satisfied are you with our help? (optional)",
    scores=("very dissatisfied", "dissatisfied", "neither", "satisfied", "very satisfied"),
    comment="Would you like to add anything? (optional)",
    noted_solved="Thank you. We have noted that your matter is solved.",
    noted_unsolved=(
        "Thank you for telling us. We are sorry that it is not solved yet;"
        " we are taking it up again now."
    ),
    your_answer="Your answer",
    closed="This question is closed",
    closed_hint="If you still need us, just write to us again. We are glad to help.",
    unknown="This link is not valid",
    unknown_hint="Please open the whole link from our message.",
    other_answer="You have already answered",
    other_answer_hint="If something has changed, just write to us. We are glad to help.",
    unreadable="We could not read your answer",
    unreadable_hint="Please go back, check what you entered and send it again.",
)

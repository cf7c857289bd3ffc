"""What customers read in German."""

from services.followup.locales.wording import Wording

GERMAN = Wording(
    greeting="Guten Tag {name},",
    greeting_unnamed="Guten Tag,",
    question="Ist Ihr Anliegen wirklich gelöst?",
    asked=(
        "wir haben Ihr Anliegen als gelöst notiert. Ob es das wirklich ist, können nur Sie sagen."
        " Geben Sie uns bitte kurz Bescheid, ein Klick genügt:"
    ),
    if_not=(
        "Falls noch etwas fehlt, kümmern wir uns sofort weiter darum,"
        " und Sie müssen nichts noch einmal erklären."
    ),
    until="Sie können antworten bis: {closes}",
    thanks="Vielen Dank.",
    yes="Ja, es ist gelöst",
    no="Nein, noch nicht",
    satisfaction="Wie zufrieden sind Sie mit unserer Hilfe? (freiwillig)",
    scores=("sehr unzufrieden", "unzufrieden", "teils, teils", "zufrieden", "sehr zufrieden"),
    comment="Möchten Sie noch etwas hinzufügen? (freiwillig)",
    noted_solved="Vielen Dank. Wir haben notiert, dass Ihr Anliegen gelöst ist.",
    noted_unsolved=(
        "Danke für Ihre Rückmeldung. Es tut uns leid, dass Ihr Anliegen noch nicht gelöst ist;"
        " wir kümmern uns jetzt weiter darum."
    ),
    your_answer="Ihre Antwort",
    closed="Diese Frage ist geschlossen",
    closed_hint="Wenn Sie uns noch brauchen, schreiben Sie uns einfach. Wir helfen gern.",
    unknown="Dieser Link ist nicht gültig",
    unknown_hint="Bitte öffnen Sie den vollständigen Link aus unserer Nachricht.",
    other_answer="Sie haben bereits geantwortet",
    other_answer_hint="Wenn sich etwas geändert hat, schreiben Sie uns einfach. Wir helfen gern.",
    unreadable="Wir konnten Ihre Antwort nicht lesen",
    unreadable_hint="Bitte gehen Sie zurück, prüfen Sie Ihre Eingabe und senden Sie sie noch einmal.",
)

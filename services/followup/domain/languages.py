"""The sentences themselves, one set per language. Placeholders: {name}, {closes}."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Everything followup says to a customer; a missing sentence is an error at import."""

    greeting: str
    greeting_unnamed: str
    question: str
    asked: str
    if_not: str
    until: str
    thanks: str
    yes: str
    no: str
    satisfaction: str
    scores: tuple[str, str, str, str, str]
    comment: str
    noted_solved: str
    noted_unsolved: str
    your_answer: str
    closed: str
    closed_hint: str
    unknown: str
    unknown_hint: str
    other_answer: str
    other_answer_hint: str
    unreadable: str
    unreadable_hint: str


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

TELUGU = Wording(
    greeting="నమస్కారం {name} గారు,",
    greeting_unnamed="నమస్కారం,",
    question="మీ సమస్య నిజంగా పరిష్కారమైందా?",
    asked=(
        "మీ సమస్య పరిష్కారమైందని మేము నమోదు చేసుకున్నాము. అది నిజంగా పరిష్కారమైందో లేదో మీరే చెప్పగలరు."
        " దయచేసి ఈ లింక్ తెరిచి మాకు తెలియజేయండి:"
    ),
    if_not=("ఇంకా ఏదైనా మిగిలి ఉంటే, మేము వెంటనే మళ్లీ చూస్తాము; మీరు అంతా మళ్లీ వివరించాల్సిన అవసరం లేదు."),
    until="జవాబు ఇవ్వడానికి గడువు: {closes}",
    thanks="ధన్యవాదాలు.",
    yes="అవును, పరిష్కారమైంది",
    no="లేదు, ఇంకా కాలేదు",
    satisfaction="మా సహాయంతో మీరు ఎంత సంతృప్తి చెందారు? (ఐచ్ఛికం)",
    scores=("చాలా అసంతృప్తి", "అసంతృప్తి", "పర్వాలేదు", "సంతృప్తి", "చాలా సంతృప్తి"),
    comment="మీరు ఇంకేమైనా చెప్పాలనుకుంటున్నారా? (ఐచ్ఛికం)",
    noted_solved="ధన్యవాదాలు. మీ సమస్య పరిష్కారమైందని నమోదు చేసుకున్నాము.",
    noted_unsolved=(
        "తెలియజేసినందుకు ధన్యవాదాలు. మీ సమస్య ఇంకా పరిష్కారం కానందుకు క్షమించండి; మేము ఇప్పుడే దాన్ని మళ్లీ చేపడుతున్నాము."
    ),
    your_answer="మీ జవాబు",
    closed="ఈ ప్రశ్నకు గడువు ముగిసింది",
    closed_hint="మీకు ఇంకా మా సహాయం కావాలంటే, మళ్లీ మాకు రాయండి. మేము సంతోషంగా సహాయం చేస్తాము.",
    unknown="ఈ లింక్ చెల్లదు",
    unknown_hint="దయచేసి మా సందేశంలోని లింక్‌ను పూర్తిగా తెరవండి.",
    other_answer="మీరు ఇప్పటికే జవాబు ఇచ్చారు",
    other_answer_hint="ఏదైనా మారి ఉంటే, మాకు రాయండి. మేము సంతోషంగా సహాయం చేస్తాము.",
    unreadable="మీ జవాబును చదవలేకపోయాము",
    unreadable_hint="దయచేసి వెనక్కి వెళ్లి, మీరు నమోదు చేసినది సరిచూసి, మళ్లీ పంపండి.",
)

MONGOLIAN = Wording(
    greeting="Сайн байна уу, {name}.",
    greeting_unnamed="Сайн байна уу.",
    question="Таны асуудал үнэхээр шийдэгдсэн үү?",
    asked=(
        "Бид таны асуудлыг шийдэгдсэн гэж тэмдэглэсэн. Үнэхээр тийм эсэхийг зөвхөн та л хэлж чадна."
        " Доорх холбоосоор орж бидэнд хариугаа өгнө үү:"
    ),
    if_not=(
        "Хэрэв дутуу зүйл үлдсэн бол бид даруй үргэлжлүүлэн ажиллана."
        " Та бүгдийг дахин тайлбарлах шаардлагагүй."
    ),
    until="Хариулах эцсийн хугацаа: {closes}",
    thanks="Баярлалаа.",
    yes="Тийм, шийдэгдсэн",
    no="Үгүй, шийдэгдээгүй",
    satisfaction="Манай тусламжид та хэр сэтгэл хангалуун байна вэ? (заавал биш)",
    scores=(
        "маш сэтгэл дундуур",
        "сэтгэл дундуур",
        "дунд зэрэг",
        "сэтгэл хангалуун",
        "маш сэтгэл хангалуун",
    ),
    comment="Нэмж хэлэх зүйл байна уу? (заавал биш)",
    noted_solved="Баярлалаа. Таны асуудал шийдэгдсэн гэж тэмдэглэлээ.",
    noted_unsolved=(
        "Хариу өгсөнд баярлалаа. Асуудал тань шийдэгдээгүйд хүлцэл өчье."
        " Бид одоо үргэлжлүүлэн ажиллаж байна."
    ),
    your_answer="Таны хариулт",
    closed="Хариулах хугацаа дууссан",
    closed_hint="Танд тусламж хэрэгтэй бол бидэнд дахин бичээрэй. Бид баяртайгаар туслах болно.",
    unknown="Энэ холбоос хүчингүй байна",
    unknown_hint="Манай захиасан дахь холбоосыг бүтнээр нь нээнэ үү.",
    other_answer="Та хариултаа өгсөн байна",
    other_answer_hint="Хэрэв ямар нэг зүйл өөрчлөгдсөн бол бидэнд бичээрэй. Бид туслахад бэлэн.",
    unreadable="Таны хариултыг уншиж чадсангүй",
    unreadable_hint="Буцаж ороод хариултаа шалгаж, дахин илгээнэ үү.",
)

LANGUAGES = {"en": ENGLISH, "de": GERMAN, "te": TELUGU, "mn": MONGOLIAN}

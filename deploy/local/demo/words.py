"""What the customers of the demonstration write, and what the agents answer, in four languages."""

from types import MappingProxyType

from deploy.local.people.customers import Customer, Words

CUSTOMERS = (
    Customer(
        name="Ada Whitfield", address="ada@post.example", language="en", time_zone="Europe/London"
    ),
    Customer(
        name="Samuel Okoro", address="samuel@post.example", language="en", time_zone="Africa/Lagos"
    ),
    Customer(
        name="Grace Lindqvist",
        address="grace@post.example",
        language="en",
        time_zone="America/New_York",
    ),
    Customer(
        name="Jürgen Weiß", address="juergen@post.example", language="de", time_zone="Europe/Berlin"
    ),
    Customer(
        name="Käthe Böhm", address="kaethe@post.example", language="de", time_zone="Europe/Vienna"
    ),
    Customer(
        name="Lukas Sommer", address="lukas@post.example", language="de", time_zone="Europe/Zurich"
    ),
    Customer(
        name="లక్ష్మి రావు", address="lakshmi@post.example", language="te", time_zone="Asia/Kolkata"
    ),
    Customer(
        name="రవి కుమార్", address="ravi@post.example", language="te", time_zone="Asia/Kolkata"
    ),
    Customer(
        name="Бат-Эрдэнэ", address="baterdene@post.example", language="mn", time_zone="Asia/Ulaanbaatar"
    ),
    Customer(
        name="Сарангэрэл", address="sarangerel@post.example", language="mn", time_zone="Asia/Hovd"
    ),
)  # fmt: skip

SMALL = MappingProxyType({"kind": "refund", "amount": 1_900, "currency": "EUR"})
LARGE = MappingProxyType({"kind": "refund", "amount": 24_000, "currency": "EUR"})
GOODWILL = MappingProxyType({"kind": "credit", "amount": 2_500, "currency": "EUR"})

WORDS = MappingProxyType(
    {
        "en": (
            Words(
                topic="billing",
                subject="Charged twice for one order",
                text="Good morning, my invoice shows the same order twice. Please refund one of them.",
                need=SMALL,
            ),
            Words(
                topic="billing",
                subject="Refund for a cancelled trip",
                text="I cancelled within the time you gave me, but the invoice was still charged in full.",
                need=LARGE,
            ),
            Words(
                topic="delivery",
                subject="My parcel has not arrived",
                text="The delivery was announced for Tuesday and the parcel is still not here. Where is it?",
            ),
            Words(
                topic="technical",
                subject="The kettle switches itself off",
                text="Since yesterday the device turns off after a minute. How do I repair this error?",
            ),
            Words(
                topic="complaint",
                subject="Nobody called me back",
                text="I was promised a call three times. This complaint is about being forgotten.",
                need=GOODWILL,
            ),
        ),
        "de": (
            Words(
                topic="billing",
                subject="Rechnung doppelt abgebucht",
                text="Guten Tag, die Rechnung vom Mai wurde zweimal abgebucht. Bitte erstatten Sie mir einen Betrag.",
                need=SMALL,
            ),
            Words(
                topic="delivery",
                subject="Paket beschädigt angekommen",
                text="Die Lieferung kam heute an, aber der Karton war aufgerissen und ein Teil fehlt.",
            ),
            Words(
                topic="technical",
                subject="Gerät zeigt einen Fehler",
                text="Nach dem Einschalten zeigt das Gerät Fehler 41 und geht wieder aus. Was kann ich tun?",
            ),
            Words(
                topic="complaint",
                subject="Beschwerde über die Wartezeit",
                text="Ich habe dreimal geschrieben und keine Antwort bekommen. Das ist meine Beschwerde.",
                need=GOODWILL,
            ),
        ),
        "te": (
            Words(
                topic="billing",
                subject="బిల్లు రెండుసార్లు వసూలు చేశారు",
                text="నమస్కారం, ఒకే ఆర్డర్‌కు నా బిల్లు రెండుసార్లు వచ్చింది. దయచేసి ఒక మొత్తాన్ని తిరిగి ఇవ్వండి.",
                need=SMALL,
            ),
            Words(
                topic="delivery",
                subject="పార్సెల్ ఇంకా రాలేదు",
                text="మంగళవారం డెలివరీ అని చెప్పారు, కానీ పార్సెల్ ఇంకా రాలేదు. అది ఎక్కడ ఉంది?",
            ),
            Words(
                topic="technical",
                subject="పరికరం ఆగిపోతోంది",
                text="నిన్నటి నుండి పరికరం ఒక నిమిషం తర్వాత ఆగిపోతోంది. ఈ లోపం ఎలా సరిచేయాలి?",
            ),
        ),
        "mn": (
            Words(
                topic="billing",
                subject="Төлбөр хоёр удаа суутгагдсан",
                text="Сайн байна уу, нэг захиалгын төлбөр хоёр удаа суутгагдсан байна. Нэгийг нь буцааж өгнө үү.",
                need=SMALL,
            ),
            Words(
                topic="delivery",
                subject="Хүргэлт ирээгүй байна",
                text="Хүргэлт мягмар гарагт ирнэ гэсэн боловч одоо хүртэл ирээгүй. Илгээмж хаана байна вэ?",
            ),
            Words(
                topic="technical",
                subject="Төхөөрөмж унтраад байна",
                text="Өчигдрөөс хойш төхөөрөмж нэг минутын дараа унтардаг боллоо. Энэ алдааг яаж засах вэ?",
            ),
        ),
    }
)

# Which words in a mail tell its topic: the rules that the centre gives to intake.
TOPIC_WORDS = MappingProxyType(
    {
        "billing": ("invoice", "refund", "Rechnung", "erstatten", "బిల్లు", "төлбөр"),
        "delivery": ("parcel", "delivery", "Lieferung", "Paket", "పార్సెల్", "хүргэлт"),
        "technical": ("device", "error", "Gerät", "Fehler", "పరికరం", "төхөөрөмж"),
        "complaint": ("complaint", "Beschwerde", "ఫిర్యాదు", "гомдол"),
    }
)

REPLIES = MappingProxyType(
    {
        "en": "Hello, thank you for telling us. I have read everything and I am putting it right now.",
        "de": "Guten Tag, danke für Ihre Nachricht. Ich habe alles gelesen und bringe es jetzt in Ordnung.",
        "te": "నమస్కారం, మాకు తెలియజేసినందుకు ధన్యవాదాలు. నేను ఇప్పుడే దీన్ని సరిచేస్తున్నాను.",
        "mn": "Сайн байна уу, бидэнд хэлсэнд баярлалаа. Би үүнийг яг одоо шийдэж байна.",
    }
)

STILL_OPEN = MappingProxyType(
    {
        "en": "Sorry, it is still not right.",
        "de": "Leider stimmt es noch nicht.",
        "te": "క్షమించండి, సమస్య ఇంకా అలాగే ఉంది.",
        "mn": "Уучлаарай, асуудал хэвээрээ байна.",
    }
)

THANKS = MappingProxyType(
    {
        "en": "Thank you!",
        "de": "Vielen Dank!",
        "te": "ధన్యవాదాలు!",
        "mn": "Баярлалаа!",
    }
)

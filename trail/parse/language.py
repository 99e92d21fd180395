"""A text comes in; the language most of it is written in goes out, by its script and its commonest words.

Own code: the libraries for it bring tables of 50 to 100 MB, and are no better on the length of a mail. Equal texts give
equal answers; of a text that is too short, or in none of these languages, nothing is said.
"""

from __future__ import annotations

import re
from collections import Counter

SAMPLE = 1200
"""Characters that are looked at."""
_ENOUGH = 3
"""Common words that make a language."""
_SHARE = 12
"""One word in so many has to be a common one."""
_NEAR = 0.8
"""Languages with so large a part of the most common words are told apart by those that are theirs alone."""
_LEAD = 1.15
"""Times as much of their own as the next of these has."""

_COMMON = {
    "da": "og i at så det er en til på som på de med han af for ikke der var mig sig men et har om vi min havde ham hun nu over da fra du ud sin dem os op man hans hvor eller hvad skal selv her alle vil blev kunne ind når være dog noget ville jo deres efter ned skulle denne end dette mit også under have dig anden hende mine alt meget sit sine vor mod disse hvis din nogle hos blive mange ad bliver hendes været jer sådan jeg venlig hilsen tak kan kære hej mvh hvordan hvorfor nej hermed vedhæftet lige faktisk bare blevet",
    "no": "og i jeg det at en et den til er som på de med han av ikke ikkje der så var meg seg men ett har om vi min mitt ha hadde hun nå over da ved fra du ut sin dem oss opp man kan hans hvor eller hva skal selv sjøl her alle vil bli ble blei blitt kunne inn når være noen noe ville dere deres etter ned skulle denne for deg si sine sitt mot å vennlig hilsen takk kjære hei hvordan hvorfor nei vedlagt veldig bare blitt sånn slik",
    "sv": "och det att i en jag hon som han på den med var sig för så till är men ett om hade de av icke mig du henne då sin nu har inte hans honom skulle hennes där min man ej vid kunde något från ut när efter upp vi dem vara vad över än dig kan sina här ha mot alla under någon eller allt mycket sedan ju denna själv detta åt utan varit hur ingen mitt ni bli blev oss din dessa några deras blir mina samma vilken er sådan vår blivit dess inom mellan sådant varför varje vilka hälsningar tack hej mvh bifogat hör bara också",
    "de": "aber alle als also am an andere auch auf aus bei bin bis bist da damit dann das dass dein dem den denn der des die dies diese doch dort du durch ein eine einem einen einer eines er es etwas euch für gegen habe haben hat hatte hier hin ich ihm ihn ihnen ihr ihre im in ist jede jetzt kann kein können könnte machen man mein mich mir mit muss nach nicht nichts noch nun nur ob oder ohne sehr sein seine sich sie sind so solche soll sollte sondern über um und uns unser unter viel vom von vor war waren was weg weil weiter welche wenn werde werden wie wieder will wir wird wo wollen würde zu zum zur zwar zwischen bitte danke grüße grüßen gruß anbei sehr geehrte geehrter frau herr hallo liebe lieber",
    "nl": "de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om hem dan zou of wat mijn men dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft hebben deze u want nog zal me zij nu ge geen omdat iets worden toch al waren veel meer doen toen moet ben zonder kan hun dus alles onder ja werd wezen zelf tegen na reeds wil kon niets uw iemand geweest andere graag groet groeten bedankt",
    "en": "i me my we our attached find dear hi hello you your he him his she her it its they them their what which who this that these those am is are was were be been being have has had do does did a an the and but if or because as until while of at by for with about against between into through during before after above below to from up down in out on off over under again then once here there when where why how all any both each few more most other some such no nor not only own same so than too very can will just should now don't i'm it's i've please thanks would could regards",
    "fr": "au aux avec ce ces dans de des du elle en et eux il je la le leur lui ma mais me même mes moi mon ne nos notre nous on ou par pas pour qu que qui sa se ses son sur ta te tes toi ton tu un une vos votre vous c d j l à m n s t y été est sont suis sommes êtes ai as avons avez ont avait être cette cet aussi bien plus très tout merci bonjour cordialement si comme veuillez joint jointe madame monsieur c'est j'ai n'est qu'il d'un d'une s'il l'on",
    "es": "de la que el en y a los del se las por un para con no una su al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros ese eso ante ellos e esto mí antes algunos qué unos yo otro otras otra él tanto esa estos mucho quienes nada muchos cual poco ella estar estas algunas algo nosotros gracias saludos es son está",
    "it": "ad al allo ai agli alla alle con col da dal dallo dai dagli dalla dalle di del dello dei degli della delle in nel nello nei negli nella nelle su sul sullo sui sugli sulla sulle per tra contro io tu lui lei noi voi loro mio mia miei mie tuo tua suo sua nostro nostra vostro vostra che chi cui non più quale quanto quanti questo questi questa queste si tutto tutti a c e i l o ma ed se perché anche come dov dove ho ha abbiamo hanno è sono siamo grazie saluti il lo la le gli un una",
    "pt": "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao ele das à seu sua ou quando muito nos já eu também só pelo pela até isso ela entre depois sem mesmo aos seus quem nas me esse eles você essa num nem suas meu às minha numa pelos elas qual nós lhe deles essas esses pelas este dele tu te vocês obrigado obrigada cumprimentos são está é foi",
    "pl": "i w na z się do nie to że jest o jak a po co tak za od ale już dla czy przez przy tylko był było są oraz ja ty on ona my wy oni jego jej ich który która które może bardzo tego tej tym być jako jeszcze pan pani proszę dziękuję pozdrawiam można także gdy bo",
    "fi": "ja on ei se että hän oli ovat mutta myös kun niin kuin jos tai olla ole minä sinä me te he tämä nämä joka jotka mikä mitä sitä sen siitä vain jo nyt vielä sekä voi tulee kanssa ollut hyvin kiitos terveisin mukaan koska kaikki sekä",
}  # fmt: skip
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u05d0-\u05ea]")),
    ("ar", re.compile("[\u0620-\u06ff]")),
    ("th", re.compile("[\u0e01-\u0e5b]")),
)
_UKRAINIAN = re.compile("[іїєґ]", re.IGNORECASE)
_OTHER = re.compile("[\u0370-\uffdc]")
# Around a word; what has signs inside, such as an address, is no common one.
_SIGNS = ".,;:!?()[]<>*\"'«»„“”…-"

COMMON = {language: frozenset(words.split()) for language, words in _COMMON.items()}
"""The commonest words of those that are told by them."""
LANGUAGES = (*_COMMON, *(language for language, _ in _SCRIPTS), "uk")
"""The codes of ISO 639-1 that are told apart."""

_SPEAKERS: dict[str, tuple[str, ...]] = {}
for _language, _words in _COMMON.items():
    for _word in dict.fromkeys(_words.split()):
        _SPEAKERS[_word] = (*_SPEAKERS.get(_word, ()), _language)


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`; "" when it cannot be told."""
    sample = text[:SAMPLE]
    if not sample.isascii() and len(found := _OTHER.findall(sample)) * 4 > len(
        sample.replace(" ", "")
    ):
        return _read_script("".join(found))
    words = sample.lower().replace("\u2019", "'").split()
    counts: dict[str, int] = {}
    shares: dict[str, float] = {}
    known = [
        speakers
        for word in words
        if (speakers := _SPEAKERS.get(word) or _SPEAKERS.get(word.strip(_SIGNS)))
    ]
    met = len(known)
    for speakers, count in Counter(known).items():
        for language in speakers:
            counts[language] = counts.get(language, 0) + count
            # What many say tells little of who says it.
            shares[language] = shares.get(language, 0.0) + count / len(speakers)
    if met < _ENOUGH or met * _SHARE < len(words):
        return ""
    most = max(counts.values())
    near = [language for language, count in counts.items() if count >= most * _NEAR]
    best = max(near, key=lambda language: shares[language])
    others = [shares[language] for language in near if language != best]
    return (
        best if counts[best] >= _ENOUGH and shares[best] >= _LEAD * max(others, default=0) else ""
    )


def _read_script(letters: str) -> str:
    # A few kana make Japanese of many Han.
    counts = {language: len(script.findall(letters)) for language, script in _SCRIPTS}
    if counts["ja"] * 20 > counts["zh"] and counts["ja"]:
        return "ja"
    best = max(counts, key=lambda language: counts[language])
    if not counts[best]:
        return ""
    return "uk" if best == "ru" and len(_UKRAINIAN.findall(letters)) * 40 > len(letters) else best

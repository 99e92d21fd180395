"""The turns of speech by which `trail.parse.needs` knows what awaits an answer, beyond those a statement is sure of.

For sentences as `fold` gives them: small letters, no accents, `oe` for ö and ø. Here a thing missed costs more than
a thing wrongly listed: what is listed is looked at and ticked off, what is not is forgotten.
"""

from __future__ import annotations

_FOLDED = str.maketrans(
    {
        **dict(zip("äöüßæøå", ("ae", "oe", "ue", "ss", "ae", "oe", "aa"), strict=True)),
        **dict(zip("àâáéèêëçîïíôóûùúñ\u2019\u00a0", "aaaeeeeciiioouuun' ", strict=True)),
        "œ": "oe",
    }
)


def fold(sentence: str) -> str:
    """Return it as the patterns below want it, however its author types."""
    return sentence.lower().translate(_FOLDED)


# Where a clause begins, also after a greeting and a name.
_EN = r"(?:^|[,;:!.)\u2013-] |\b(?:and|but|so|or|then|hi|hey|hello) (?:\w+ )?)"
_DE = r"(?:^|[,;:!.)\u2013-] |\b(?:und|aber|oder|hallo|hi|hey|moin) (?:\w+ )?)"
_ANSWER = {
    "en": r"(?:reply|answer|response|feedback|comments?|approval|confirmation|signature|sign-?off|input|go-?ahead|decision|thoughts|proposal|quote|offer|instructions|news|word)",
    "da": r"(?:svar|tilbagemelding|kommentarer|godkendelse|bekraeftelse|underskrift|accept|feedback|besked|bemaerkninger)",
    "de": r"(?:antwort|rueckmeldung|rueckantwort|feedback|freigabe|bestaetigung|unterschrift|zusage|zustimmung|stellungnahme|nachricht|rueckruf|entscheidung|zusendung|ueberweisung|info|angebot)",
    "fr": r"(?:reponse|retour|avis|accord|validation|confirmation|signature|feu vert|decision|nouvelles|commentaires|instructions)",
}

# Small words, of which the sentence has one, and the turn of speech that is then looked for: to look for a word costs
# next to nothing.
WANTS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("can could would will", _EN + r"(?:can|could|would|will) (?:you|u|ya|everybody|everyone|anyone|somebody|someone) (?!believe|imagine)[a-z]{2,}"),
        ("pls plz", r"\b(?:pls|plz)\b"),
        ("kindly", _EN + r"kindly [a-z]+"),
        ("please", r"\bplease (?:have a look|take a look|let (?:me|us)|send|sign|confirm|check|advise|reply|answer|review|return|approve|call|provide|complete|pay|transfer|forward)\b"),
        ("revert", r"\brevert (?:to (?:me|us)|back|with|asap|at your|by|soon)\b"),
        ("let", r"\blet (?:me|us) (?:please |also )?(?:know|have)\b"),
        ("appreciate grateful obliged glad happy pleased delighted", r"\b(?:i|we)(?:'d| would|'ll| will) (?:really |much |very much |greatly |also |be |most |very )*(?:appreciate|grateful|obliged|glad|happy|pleased|delighted) (?:it )?(?:if you|a|an|your|for (?:a|an|your|any)|to (?:hear|receive|get|know|learn))\b|^(?:would |will )?(?:be )?(?:appreciate|grateful for) (?:it if|a|an|your)\b"),
        ("if", r"\bif you (?:could|can|would|might) (?:please |kindly |just |also )?(?:send|let|give|tell|confirm|sign|check|provide|share|forward|call|have|take|get|return|complete|advise|help)\b"),
        ("keep", r"\bkeep (?:me|us) (?:posted|informed|updated|in the loop)\b"),
        ("needs need", r"\bneeds your\b|^need (?:your|the|an?|to know)\b|\b(?:i|we) need an? (?:\w+ )?(?:copy|scan|list|quote|signature|decision|answer|reply|confirmation|date|photo|version)\b"),
        ("hope hoping", r"\bhop(?:e|ing) (?:to hear (?:back|from|soon)|for (?:an?|your) (?:\w+ )?" + _ANSWER["en"] + r")\b"),
        ("over turn", r"\bover to you\b|\byour turn to\b"),
        ("questions question", r"\b(?:i|we) (?:still |also )?have (?:an?|one|two|three|four|some|a few|a couple of|several|another|more) (?:\w+ )?questions?\b"),
        ("reminder", r"\b(?:an?|another|quick|little|second|final|last|just) reminder (?:about|of|for|that (?:you|your|we))\b"),
        ("owe", r"\byou (?:still )?owe (?:me|us)\b"),
        ("ping text message write email mail phone", r"^(?:ping|text|message|write|e?mail|phone) (?:me|us|to me|to us)\b"),
        ("keen curious interested eager", r"\b(?:keen|curious|interested|eager) to (?:know|hear|learn|see (?:your|what|how))\b"),
        ("perhaps maybe", r"\b(?:perhaps|maybe) you (?:could|can|might|would) (?!even|want)"),
        ("please", r",? please\W*$"),
        ("advance", r"\bthank(?:s| you)(?: \w+){0,2} in advance\b"),
        ("love like", r"\b(?:i|we)(?:'d| would) (?:really |also |much )?(?:love|like) (?:to (?:hear (?:your|what|how|back|from)|know|see (?:a|the|some|your)|(?:have|get|receive) (?:a|an|the|your))|your|you to|an? (?:quote|price|copy|call|offer)|the)\b"),
        ("be", r"\b(?:it would|it'd|would) (?:really |also )?be (?:great|good|nice|lovely|helpful|useful|perfect|ideal|wonderful|fantastic|appreciated)(?:,? (?:if (?!someone|somebody|people|they|there)|to (?:have|get|see|know|hear|receive)))"),
        ("need", r"\b(?:i|we) (?:still |also |urgently |just |really )*need (?:to (?:know|hear|have your|see your)|your|from you|you to|the following)\b|\b(?:i|we)(?:'d| would) (?:still |also )?need (?!to\b)"),
        ("receive have", r"\b(?:i|we) (?:must|need to|have to) (?:have|receive) (?:your|it|them|the)\b"),
        ("wondering", r"\b(?:was|were|am|are|'m|'re|just) (?:also |just )?wondering (?:if|whether|when|what|how|where|who|why|which|about)\b"),
        ("waiting wait", r"\b(?:waiting|wait) (?:for|on) (?:your\b|you\b|(?:an? |some |the )?" + _ANSWER["en"] + r"\b)"),
        ("await awaiting awaits", r"\bawait(?:ing|s)? (?:your|further|any) "),
        ("forward", r"\blook(?:ing)? forward to (?:hear(?:ing)? (?:from|back|your|what)|receiv(?:e|ing)|getting your|your " + _ANSWER["en"] + r")\b"),
        ("call", r"\bcall me (?:when|as soon|back|once|asap|today|tomorrow|please|on|at)\b"),
        ("send give tell drop ring show", r"(?:^|[,;:!] |\b(?:then|please|or) )(?:send|give|tell|drop|ring|show) (?:me|us)\b(?! a break| about it)"),
        ("reminder", r"\b(?:gentle|friendly|kind) reminder\b"),
        ("follow following checking chasing", r"\bfollow(?:ing)?[ -]up (?:on|about|with you)\b|\bchecking in (?:on|about|to see)\b|\bchasing\b"),
        ("need", r"(?:^|[,;:] |\b(?:and|but|so|also|that) )(?:i|we) (?:still |also |urgently |just |really )*need .{1,60} from you\b"),
        ("require", r"\b(?:i|we) (?:still |also |do )*require (?:your|you|the|an?|from you)\b"),
        ("send get", r"^(?:send (?:over|it|them|the|your)|get back to (?:me|us))\b"),
        ("if whether when what how", r"\b(?:checking|(?:writing|wanted|want|like|e?mailing|calling|just|touch|had|have) to (?:ask|see|check|know|hear|find out)) (?:if|whether|when|what|how) (?:you|we|your|the)\b|\b(?:not|n't) sure (?:if|whether) you (?:saw|got|received|had|have (?:seen|received))\b"),
        ("bump bumping circling circle nudge touching", r"\bbump(?:ing)? (?:this|it|my)\b|\bcircl(?:e|ing) back\b|\btouch(?:ing)? base\b|\b(?:gentle|little|friendly) nudge\b"),
        ("overdue unpaid outstanding paid received settled", r"\b(?:payment|invoice|balance|amount|bill)\b.{0,60}\b(?:overdue|unpaid|(?:still |remains |is )outstanding|not (?:yet )?(?:been )?(?:paid|received|settled))\b|(?:\bnot|n't) (?:yet )?(?:received|had|seen) (?:your|any) "),
        ("welcome value", r"\b(?:i|we)(?:'d| would) (?:very much |really )?(?:welcome|value) (?:your|any|some)\b"),
        ("still yet", r"\bstill (?:do not|don't|have not|haven't|no) .{0,20}\byour\b|(?:\bnot|n't) .{0,40}\byour\b.{0,40}\byet\b"),
        ("missing lacking", r"\b(?:i|we)(?:'re| are|'m| am) (?:still )?(?:missing|lacking) (?:your|the|an?|some)\b"),
        ("from", r"(?:\bnot|n't|\bnothing|\bnever) (?:yet |had a |received a |received an |had an )?(?:heard|received|reply|answer|response|had|got)(?: \w+){0,3} from you\b"),
        ("unless", r"\bunless (?:we|i) (?:hear|receive|get)\b"),
        ("if", r"\bif (?:we|i) (?:do not|don't|have not|haven't) (?:hear|receive|heard|received)\b"),
        ("asking ask request urge beg", r"\b(?:asking you for|(?:i'm|i am|we are|we're) (?:now |still |just )?asking for) (?:the|your|a|an)\b|\b(?:i|we) (?:would like to |want to |must |have to |kindly |hereby |can only )?(?:ask|request|urge|beg) (?:(?:the|your|that|a|an) |you (?:to|for|about|whether)|for (?:your|a|an)|that you)\b"),
        ("your", r"\byour " + _ANSWER["en"] + r" (?:is|are|would be|will be) (?:very |most |much |greatly )?(?:needed|required|missing|still|urgently|overdue|welcome|appreciated|useful|helpful|awaited)\b|\bwithout your " + _ANSWER["en"] + r"\b"),
        ("any", r"\bany (?:feedback|thoughts|comments|input|ideas|suggestions|help|advice)\b.{0,40}\b(?:welcome|appreciated)\b"),
        ("when where how what which who", r"^(?:when|where|how|what|which|who) (?:do|does|did|can|could|should|shall|will|would|is|are) (?:you|u|we|i|the|it|your)\b[^,.]{0,80}$"),
    ),
    "da": (
        ("kan kunne vil ville gider maa", r"^(?:hej \w+,? )?(?:kan|kunne|vil|ville|gider|maa) (?:du|i) |\bgider (?:du|i)\b"),
        ("venligst bedes beder bede", r"\bvenligst\b(?! (?:bemaerk|se\b|find|ikke|undlad))|\bbedes\b|\b(?:vi|jeg) (?:beder|vil bede|maa bede)\b|\bskal (?:jeg|vi) bede\b"),
        ("afventer", r"\bafventer\b(?: stadig| fortsat)? (?:dit|din|dine|jeres|svar)"),
        ("venter", r"\bventer (?:stadig |fortsat |endnu )?paa (?:dit|din|dine|jeres|svar|en tilbagemelding|besked)|\bventer (?:stadig|fortsat|endnu) paa\b"),
        ("hoer hoere hoerer", r"\bhoere?r? (?:meget |rigtig )?(?:gerne?|fra dig|fra jer)\b"),
        ("frem", r"\bser frem til (?:at hoere|at modtage|dit|jeres|din)\b"),
        ("mangler savner", r"\b(?:jeg|vi) (?:mangler|savner) (?:stadig|fortsat|lige|bare|dit|din|dine|jeres|et svar|svar)\b"),
        ("skal skulle", r"\b(?:jeg|vi) (?:skal|skulle) (?:lige |ogsaa )?(?:have|bruge|vide) (?:dit|din|dine|jeres|et svar|svar|besked|et par ting)\b"),
        ("bruge", r"\b(?:jeg|vi) (?:skal|skulle) (?:lige |ogsaa )?bruge .{1,40} fra (?:dig|jer)\b"),
        ("modtaget faaet set", r"\bikke (?:modtaget|faaet|set) (?:din|dit|dine|jeres)\b"),
        ("betalt ubetalt forfalden overskredet", r"\b(?:faktura\w*|regning\w*|beloeb\w*|betaling\w*)\b.{0,40}\b(?:ikke (?:er )?betalt|ubetalt|forfalden|overskredet)\b"),
        ("haaber", r"\bhaaber (?:paa|at hoere|paa at hoere)\b|\bhaaber,? (?:at )?(?:du|i) (?:kan|vil)\b(?! lide)"),
        ("maa", r"^maa (?:jeg|vi) (?:faa|bede|lige|hoere|spoerge)\b"),
        ("brug", r"\bhar (?:stadig |ogsaa |hurtigt )?brug for (?:dit|din|dine|jeres|et svar|en afklaring|en tilbagemelding|at vide)\b"),
        ("er", r"^er (?:du|i) (?:ikke )?(?:soede?|venlige?|rar)\b"),
        ("skylder", r"\bskylder (?:mig|os)\b"),
        ("spoergsmaal", r"\bhar (?:stadig |lige )?(?:et|to|tre|fire|et par|nogle|flere) (?:\w+ )?spoergsmaal\b"),
        ("forhaand", r"\bpaa forhaand (?:mange |tusind )?tak\b|\btak paa forhaand\b"),
        ("kom", r"\bkom (?:gerne |endelig |lige )?med (?:dine|dit|din|jeres)\b"),
        ("imoedeser", r"\bimoedeser\b"),
        ("vil ville skulle", r"\b(?:vil|ville|skulle) (?:lige |bare |gerne |egentlig )*(?:hoere|spoerge|vide),? (?:om|hvornaar|hvad|hvordan|hvor|dig|til)\b"),
        ("haster", r"\bhaster\b.{0,20}\bsvar\b"),
        ("vaere blive", r"\bdet (?:ville|vil|kunne) vaere (?:\w+ )?(?:dejligt|rart|godt|fint|fedt|super|skoent|en hjaelp|perfekt|smart),? (?:at|hvis|om)\b|\b(?:ville|vil) (?:blive|vaere) (?:meget )?(?:glade?|taknemmelige?) (?:for|hvis)\b"),
        ("gerne", r"(?:^|\b(?:jeg|vi) )(?:vil|ville) (?:meget |rigtig |ogsaa )?gerne (?:have|hoere|vide|bede|faa)\b"),
        ("pris", r"\b(?:saetter|saette) (?:stor )?pris paa (?:dit|din|jeres|en|et|at)\b"),
        ("bekraeft godkend husk svar underskriv returner tjek", r"^(?:bekraeft|godkend|husk|svar|underskriv|returner|tjek)\b"),
        ("send giv ring skriv sig", r"^(?:send|giv|ring|skriv|sig) (?:mig|os|lige|gerne|til|naar|hvornaar)\b"),
        ("giv lad", r"\b(?:giv|lad) (?:mig |os |lige |gerne |venligst )*(?:et )?(?:praj|besked|lyd|vink|vide|hoere)\b"),
        ("minde", r"\bminde (?:dig|jer) om\b"),
        ("ikke", r"\bikke hoert (?:fra|noget)\b|\bikke (?:faaet|modtaget) (?:et |noget )?svar\b"),
    ),
    "de": (
        ("du", _DE + r"(?:kannst|koenntest|magst|wuerdest|willst) du\b"),
        ("koennten koennen wuerden haetten waeren duerfte darf duerfen", r"^(?:koennten|koennen|wuerden|haetten|waeren|duerfte|darf|duerfen) (?:sie|ihr|wir|ich)\b"),
        ("schick schicke sende gib sag ruf meld melde schreib mach schau guck pruef pruefe leite", r"(?<!ich )(?<!wir )\b(?:schick|schicke|sende|gib|sag|ruf|melde?|schreib|mach|schau|guck|pruefe?|leite) (?:mir|uns|mich|dich|bitte|mal|doch|kurz)\b"),
        ("bitte", r"\bbitte\b(?!\W*$)(?!,? (?:beacht|entschuldig|verzeih|sehr\b|schoen|finden|nicht\b|zoeger|bringen|wenden|kontaktier|haben sie ver|ignorier|loesch|betracht|gern|antworten sie nicht|denken sie an die umwelt)).*\w\w"),
        ("bitten bitte", r"\bbitten? (?:wir |ich )?(?:sie|dich|euch|um)\b"),
        ("bitten auffordern ersuchen", r"\b(?:duerfen|duerfte|moechten?|muessen|muss|darf|wollen) (?:ich |wir )?(?:sie|dich|euch) .{0,30}\b(?:bitten|auffordern|ersuchen)\b"),
        ("ueber auf um fuer", r"\b(?:ueber|auf|um|fuer) (?:eine |ihre |deine |eure |kurze |baldige |zeitnahe |schriftliche |rasche |schnelle )*" + _ANSWER["de"] + r"\b.{0,40}\b(?:waere|freue\w*|dankbar|gebeten|bis|warte\w*)\b"),
        ("freue freuen warte warten", r"\b(?:freue?n?|warten?) (?:mich |uns |ich |wir )*(?:noch |immer |weiterhin |sehr )*(?:auf|ueber) (?:ihre?n?|deine?n?|eure?n?|eine) " + _ANSWER["de"]),
        ("waere", r"\bwaere (?:es )?(?:sehr |wirklich |ganz |echt |auch )*(?:schoen|toll|super|nett|gut|prima|hilfreich|lieb|wunderbar|klasse|wichtig|moeglich),? (?:wenn|falls|zu|uns|das)\b"),
        ("waere waeren", r"\bwaeren? (?:ich |wir )?(?:ihnen |dir |euch )?(?:sehr )?(?:dankbar|verbunden|froh)\b"),
        ("wuerde wuerden", r"\bwuerden? (?:ich |wir )?(?:mich|uns) (?:sehr )?freuen,? (?:wenn|in|von|ueber|bald)\b"),
        ("braeuchte braeuchten", r"\b(?:ich|wir) braeuchten?\b|\bbraeuchten? (?:ich|wir)\b"),
        ("benoetige benoetigen brauche brauchen", r"\b(?:benoetigen?|brauchen?) (?:ich |wir )?(?:noch |dringend |unbedingt |jetzt )*(?:von ihnen|von dir|von euch|ihre|deine|eure|bis|folgende|noch (?:die|den|das|einen?|ein))\b"),
        ("gebe geben gib", r"\bge?i?ben? (?:sie )?(?:mir|uns) (?:bitte |kurz |doch )*(?:bescheid|rueckmeldung)\b"),
        ("wissen", r"\blass(?:en sie)? (?:mich|uns) (?:bitte |kurz )*.{0,30}wissen\b"),
        ("wollte wollten moechte moechten", r"\b(?:wollte|wollten|moechten?) (?:ich |wir )?(?:nur |kurz |mal |noch ?mal |gern(?:e)? )*(?:nachfragen|fragen|wissen|hoeren|nachhoeren|nachhaken|an .{1,60} erinnern)\b"),
        ("warte warten wartet", r"\b(?:warten?|wartet) (?:ich |wir )?(?:noch |immer noch |weiterhin |nun )*(?:seit \w+ )?auf (?:ihre|deine|eure|antwort|rueckmeldung)\b|\bwarten? (?:ich |wir )?(?:immer )?noch (?:immer )?auf (?:den|die|das)\b"),
        ("haette haetten", r"\bhaetten? (?:ich |wir )?(?:sehr )?gerne? (?:noch )?(?:ein|eine|einen|mehr|das|die|den|von|gewusst)\b"),
        ("schreiben teilen sagen schicken senden geben rufen nennen bestaetigen pruefen informieren unterschreiben ueberweisen", r"^(?:schreiben|teilen|sagen|schicken|senden|geben|rufen|nennen|bestaetigen|pruefen|informieren|unterschreiben|ueberweisen) sie (?:mir|uns|mich|bitte|das|die|den|es)\b"),
        ("eingegangen erhalten bezahlt gehoert bekommen", r"\b(?:noch|bisher|bislang|leider) (?:immer )?(?:kein\w*|nichts|nicht)\b.{0,40}\b(?:eingegangen|erhalten|bezahlt|gehoert|bekommen)\b"),
        ("antwort rueckmeldung", r"\b(?:noch|bisher|bislang|leider) (?:immer )?keine (?:antwort|rueckmeldung)\b"),
        ("interessieren interessiert", r"\b(?:wuerden?|wuerde) (?:mich|uns) .{0,20}interessieren\b|\b(?:mich|uns) (?:wuerde |wuerden )?(?:auch |noch |sehr |besonders )*interessier(?:t|en)\b"),
        ("hoffe hoffen", r"\bhoffen? (?:ich |wir )?(?:sehr )?auf (?:eine|ihre|deine|eure|baldige)\b"),
        ("sobald", r"\bsobald (?:ihre|deine|eure|die|uns ihre) " + _ANSWER["de"] + r"\b"),
        ("wuerde wuerden", r"\bwuerden? (?:ich |wir )?(?:gerne? |auch |noch )+(?:wissen|erfahren|hoeren)\b"),
        ("vielleicht", r"\bvielleicht (?:koennen|koennten|kannst|koenntest|magst|wollen|hast|haben) (?:sie|du|ihr)\b"),
        ("frage", r"\boffen (?:ist|bleibt) (?:noch |nur noch )*die frage\b|\b(?:habe|haette|haben|haetten) (?:ich |wir )?(?:noch |da )*(?:eine|zwei|drei|ein paar|einige) (?:\w+ )?fragen?\b"),
        ("fragen", r"\b(?:habe|haette|haben|haetten) (?:ich |wir )?(?:noch |da )*(?:zwei|drei|ein paar|einige) (?:\w+ )?fragen\b"),
        ("ersuche ersuchen", r"\bersuchen? (?:ich |wir )?(?:sie|dich|um)\b"),
        ("erinnere erinnern", r"\berinnere (?:ich |wir )?(?:sie |dich |nur |kurz |noch ?mals? )*an\b|\berinnern (?:wir |sie |dich )*an (?:unsere|meine|ihre)\b"),
        ("voraus vorab schonmal schon", r"\b(?:danke|dank) (?:schon ?mal|im voraus|vorab)\b|\b(?:vorab|schon ?mal|im voraus) (?:vielen |besten |herzlichen )?dank\w*\b"),
        ("offen unbezahlt ueberfaellig", r"\b(?:rechnung|zahlung|betrag|forderung)\b.{0,40}\b(?:noch offen|unbezahlt|ueberfaellig)\b"),
        ("aus ausstehend", r"\b" + _ANSWER["de"] + r"\b.{0,20}\b(?:steht|stehen) (?:noch )?aus\b"),
        ("bescheid", r"(?<!ich )\b(?:gib|gebt|sag|sagt|gebe|geben sie|sagen sie) (?:mir |uns |kurz |mal |doch |bitte )*bescheid\b"),
        ("erwarte erwarten erwartung", r"\berwarten? (?:ich |wir )?(?:ihre|deine|eine) |\bin erwartung (?:ihrer|deiner|einer)\b"),
        ("ohne", r"\bohne (?:ihre|deine|eure) " + _ANSWER["de"] + r"\b"),
        ("fehlt fehlen", r"\bfehl(?:t|en) (?:mir|uns)\b|\b(?:mir|uns) fehl(?:t|en)\b"),
        ("frist", r"\bsetzen? (?:ich |wir )?(?:ihnen|dir) .{0,40}\bfrist\b"),
        ("nichts keine", r"\b(?:nichts|keine (?:antwort|rueckmeldung)) (?:mehr )?(?:von ihnen |von dir )?(?:gehoert|erhalten|bekommen)\b"),
        ("wann wo wie was wer welche welcher welches", r"^(?:wann|wo|wie|was|wer|welche\w?) (?:kommt|kommen|ist|sind|hast|haben|kann|koennen|brauchst|bekomm\w+) (?:du|sie|ich|wir|die|der|das)\b[^,.]{0,80}$"),
    ),
    "fr": (
        ("tu vous peux pourrais pouvez pourriez", r"\b(?:tu|vous) (?:peux|pourrais|pouvez|pourriez) (?:me|m'|nous|le|la|les|l')|\b(?:peux|pourrais)[- ]tu\b|\b(?:pouvez|pourriez|voulez|voudriez|auriez|seriez)[- ]vous\b"),
        ("merci", r"\bmerci (?:par avance |d'avance )?(?:de |d')(?!avoir|etre|ne pas|nous avoir|m'avoir|vous etre|t'etre|votre|notre|mettre en)(?:bien vouloir |me |m'|nous |vous |le |la |les |lui )*[a-z]+(?:er|ir|re|oir)\b"),
        ("remercie remercions", r"\bremerci\w+ (?:par avance |d'avance )?de (?:bien vouloir|me |nous |m')"),
        ("veuillez vous priere", r"\bveuillez (?!agreer|trouver|recevoir|excuser|croire|noter|accepter)|\bvous (?:voudrez|voudriez) bien\b|\bpriere de (?!ne pas)"),
        ("vous", r"\bvous pri(?:e|ons|erais|erions) (?:donc )?de (?!croire|agreer|trouver|recevoir|accepter|bien vouloir (?:agreer|croire|recevoir|accepter))"),
        ("vous", r"\bvous (?:demand(?:e|ons)|saurais gre|saurions gre|invit(?:e|ons) a)\b|\bvous laisse .{0,80}\b(?:me dire|me faire|nous dire|revenir|me donner)\b"),
        ("attente attends attendons attend", r"\b(?:dans l'|en )attente de (?:votre|ton|vos|tes|ta|vous lire|te lire|vous entendre|recevoir)\b|\b(?:j'attends|nous attendons|on attend) (?:toujours |encore |donc |avec impatience )?(?:votre|vos|ton|ta|tes|une reponse)\b|\battend(?:s|ons)? toujours\b"),
        ("il", r"\bil (?:me|nous) (?:faut|faudrait|manque)\b"),
        ("besoin", r"\b(?:j'aurais|nous aurions|on aurait) (?:encore |aussi )?besoin\b|\b(?:j'ai|nous avons|on a) (?:encore |aussi |toujours )?besoin (?:de (?:votre|vos|ton|ta|tes)|d'une? (?:reponse|confirmation|copie|devis|accord|retour|validation))\b"),
        ("pas toujours", r"\bpas (?:encore |toujours )?(?:eu|recu|obtenu) (?:de |votre|vos|ton|ta|d'|aucun)"),
        ("impayee impaye souffrance attente reglee regle", r"\b(?:facture|reglement|paiement|solde)\b.{0,40}\b(?:impayee?|en souffrance|non reglee?|pas (?:ete )?reglee?)\b"),
        ("compte comptons", r"\bcompt(?:e|ons) sur (?:votre|ta|ton|vous pour|toi pour)\b"),
        ("merci", r"\bmerci (?:de|pour) (?:votre|ta|ton) (?:retour|reponse|confirmation|accord)\b.{0,20}\b(?:avant|d'ici|rapide|au plus)\b|\bmerci (?:beaucoup )?(?:d'avance|par avance)\b"),
        ("espere esperons esperant", r"\besper(?:e|ons|ant) (?:une|un|votre|ton|ta|avoir|recevoir)\b.{0,30}\b(?:reponse|retour|nouvelles|accord)\b"),
        ("votre ton ta", r"\b(?:votre|ton|ta) (?:accord|reponse|validation|signature|confirmation|retour|avis) (?:est|sera|serait|nous est|m'est) (?:\w+ )?(?:necessaire|indispensable|requise?|attendue?|apprecie|utile|bienvenue?)"),
        ("retour", r"\bretour serait (?:\w+ )?(?:apprecie|utile|bienvenu)"),
        ("pensez pense songez oubliez oublie", r"^(?:\w+ )?(?:pensez|pense|songez) (?:bien |donc )?a \w+|\bn'oublie[zs]? pas (?:de|d')"),
        ("question questions", r"\b(?:j'ai|nous avons|j'aurais) (?:encore )?(?:une|deux|trois|quelques|plusieurs|des) (?:\w+ )?questions?\b"),
        ("que", r"\bil (?:faut|faudrait) que (?:vous|tu)\b"),
        ("relance", r"\b(?:vous|te) relance\b"),
        ("parvenu parvenue parvenus", r"\bpas (?:encore )?parvenue?s?\b"),
        ("envoie envoyez dis donne donnez confirme confirmez rappelle appelle valide signe renvoie previens", r"^(?:envoie|envoyez|dis|donne|donnez|confirme|confirmez|rappelle|appelle|valide|signe|renvoie|previens)\b"),
        ("lire", r"\b(?:a|de) (?:vous|te) lire\b"),
        ("voulais voulions souhaitais", r"\b(?:voulais|voulions|souhaitais) (?:juste |simplement )?(?:savoir|vous demander|te demander)\b"),
        ("aimerais voudrais aimerions voudrions souhaiterais souhaiterions souhaitons souhaite", r"\b(?:j'aimerais|je voudrais|nous aimerions|nous voudrions|je souhaiterais|nous souhaiterions|nous souhaitons|je souhaite) (?:bien |aussi )?(?:savoir|avoir (?:votre|un|une|ton)|recevoir|obtenir|connaitre|que (?:vous|tu))\b"),
        ("moi nous le la les", r"\b(?:envoi|envoy|dis|dit|donn|rappel|appel|tien|ten|fai|fait|confirm|transmet|renvoi|renvoy|repond|previen|preven)\w{0,4}-(?:moi|nous|le|la|les)\b"),
        ("stp svp plait", r"\b(?:stp|svp|s'il (?:te|vous) plait)\b"),
        ("sans", r"\bsans (?:reponse|nouvelles?|retour) de (?:votre|ta) part\b"),
        ("serait", r"\b(?:serait-il|il serait) (?:possible|souhaitable|utile|bien|gentil)\b|\bce serait (?:\w+ )?(?:bien|super|gentil|top|parfait|ideal) (?:de |d'|si |que )"),
        ("relancer permets", r"\brelancer\b|\bme permets de revenir vers (?:vous|toi)\b"),
        ("ce", r"\best[- ]ce qu(?:e|')"),
    ),
}  # fmt: skip
# What is offered, or said in every letter: whoever does not need it does not answer.
COURTESY = {
    "en": r"\blet (?:me|us) know (?:if|should|in case|whenever) (?:you (?:have|need|run|want|require|see|spot|notice|find|encounter|'d|would|feel)|you'd|anything|any\b|something|there|that|this|it causes|i can|we can|i'm|i am|we're)\b|\bif you (?:do not|don't|no longer) (?:want|wish)\b"
    r"|\b(?:if|should) you (?:have|need|require|run into|encounter|experience|see) (?:any|further|more|questions|a question|problems|help|anything|some|additional|assistance)\b|\bif you(?:'d| would) (?:like|prefer|rather)\b|\bif you (?:want|wish|prefer|like|care|are interested)\b"
    r"|\bfeel free\b|(?:n't|\bnot) hesitate\b|\b(?:everything|all|anything|whatever) (?:that )?(?:i|we|you) need\b|\bin case (?:of|you have) (?:any )?(?:questions|problems)\b|^(?:for )?(?:any |further |more )*(?:questions?|information|enquiries|need help|help)\b[^?]{0,12}(?:\?|contact|call|visit|see)"
    r"|\bbefore printing\b|\bin error\b|\b(?:please|pls) (?:go ahead|proceed|carry on|keep|bring|arrive|join us|don't|do not|note|find|see (?!my|our|what|whether|if|to)|be aware|disregard|ignore|excuse|forgive|accept|visit|click|log in)\b|\bany questions\b"
    r"|\b(?:i|we)(?:'ll| will| would|'d| can) (?:let you|be happy to|gladly)\b",
    "da": r"\bsig (?:bare |gerne |endelig )til\b|\bvelkommen til\b|\bhar (?:du|i) (?:nogen |andre |yderligere )?spoergsmaal\b|\bhvis (?:du|i|der) (?:har|er|oensker|skulle|mangler|vil|faar)\b(?! ikke)|\bved spoergsmaal\b|\bkan ikke besvares\b|\btoev(?:er)? ikke\b|\b(?:ring|skriv) endelig\b|\bskulle (?:du|i|der) (?:have|vaere|oenske)\b|\bvenligst (?:bemaerk|se|find|ikke)\b|\b(?:se|bemaerk|find) venligst\b|\bser frem til (?:at se|vores|samarbejdet)\b",
    "de": r"\bum (?:ihr |dein |euer )?verstaendnis\W*$|\b(?:fuer|bei) (?:weitere[nr]? |etwaige[nr]? |eventuelle[nr]? )?(?:rueck)?fragen\b|\bzoeger\w* sie nicht\b|\bzur verfuegung\b|\b(?:falls|wenn|sollten?|sofern) (?:sie |du |ihr |ich |etwas |noch |es |irgend\w* |dir |ihnen )+.{0,40}\b(?:fragen|brauchen|brauchst|benoetigen|unklar|wuenschen|moechten|moechtest|probleme|bedarf|fehlt|helfen|bestehen)\b|\bfalls etwas\b"
    r"|\bmelden sie sich (?:gern|jederzeit|einfach)\b|\bjederzeit (?:gerne? )?(?:melden|anrufen|an mich)\b|\bgerne? (?:bescheid|melden|anrufen)\b|\beinfach melden\b|\bgegenstandslos\b|\bin dringenden faellen\b|\bbitte (?:bringen|beachten|antworten sie nicht|haben sie verstaendnis|wenden sie sich|entschuldigen|verzeihen|finden)\b|\bkomm (?:gerne?|mal)\b",
    "fr": r"\bn'hesite[zs]? pas\b|\btout ce qu'il (?:nous|me|vous) faut\b|\bn'oublie[zs]? pas que\b|\ba (?:votre|ta) (?:entiere )?disposition\b|^(?:si|en cas)\b.{0,60}\b(?:question|besoin|souhaite|souhaitez|desirez|voulez|veux|probleme)\w*\b|\ben cas (?:de|d') ?(?:besoin|question|difficulte|probleme|urgence)\b|\bpour toute? (?:question|renseignement|urgence|information|autre)\b|\bne pas (?:y )?repondre\b|\b(?:agreer|recevoir mes|croire|salutations distinguees)\b|^une question ?\?|\bsi (?:vous|tu) (?:avez|as) (?:la moindre|des|une|d'autres) question",
}  # fmt: skip
RHETORICAL = {
    "en": r"\b(?:can|would|could) (?:you|u) (?:believe|imagine)\b|\bwho (?:would|could|'d) have (?:thought|guessed|known)\b|\bwho(?:'d have| would have| would've) thought|^(?:and |but )?who (?:needs|knows|cares|doesn't)\b|\bwhat (?:could|can) (?:possibly )?go wrong|\bhow (?:cool|great|lovely|nice|amazing|funny|crazy) is (?:that|this)|\b(?:is|was|are|were)n't (?:it|that|they) |\b(?:am i right|right|eh|huh|get it|you know|why not|anyway) ?\?|(?:do|does|did|is|was|are|were|has|have|had|wo|ca|would|could|should)n't (?:it|that|they|he|she|there) ?\?|\b(?:is it|am i|was it) (?:just me|the only)|^ever (?:notice|tried|try|wonder|have|had)|\bwhat more (?:could|can)|\bguess what",
    "da": r"\bhvem (?:skulle|ville|havde) (?:have )?troet\b|\bhvem ved\b|\bkan (?:du|i) (?:forestille|tro)\b|^er det ikke (?:bare )?(?:fedt|skoent|vildt|dejligt)|\b(?:ikke|vel|ikke sandt|hva) ?\?|\bhvorfor ikke ?\?",
    "de": r"\bwer haette (?:das|es) (?:gedacht|geglaubt|je)\b|\bwer weiss\b|\b(?:kannst du|koennen sie) (?:dir |sich )?(?:das )?(?:vorstellen|glauben)\b|^ist das nicht (?:toll|schoen|super|klasse)|\bwas will man mehr\b|\bwer braucht\b|\b(?:oder|nicht wahr|gell|ne|nicht) ?\?$|\bwarum nicht ?\?",
    "fr": r"\bqui l'(?:eut|aurait) cru\b|\bqui sait\b|\b(?:tu te rends|vous vous rendez) compte\b|\bque demander de plus\b|\bn'est-ce pas ?\?|\b(?:non|hein) ?\?$|\bpourquoi pas ?\?",
}  # fmt: skip
# How a sentence begins that answers the question before it.
ANSWERED = r"^(?:because|simple|simply|easy|quite simply|the answer|nothing|nobody|no one|none|weil|ganz einfach|einfach weil|die antwort|nichts|niemand|fordi|ganske enkelt|svaret|ingen|parce que?|tout simplement|c'est simple|la reponse|rien|personne)\b"
# What is asked only to be explained: `What is a deed? A deed is …`.
EXPLAINED = r"^(?:what|who|was|wer|hvad|hvem|qu'est-ce que?|qui) (?:is|are|ist|sind|er|est|sont|c'est) (.{3,40}?) ?\?$"
PLEASANTRY = {
    "en": r"^(?:and |so )?(?:how are (?:you|things|u)|how have you been|how(?:'s| is) (?:it going|everything|life|the family|things)|how (?:was|is) your (?:weekend|holiday|holidays|vacation|summer|christmas|trip|week|day)|are you (?:well|ok|okay|all right)|did you have a (?:good|nice|great)|everything ok(?:ay)?|all well|you well)\b[^?]{0,40}\?",
    "da": r"^(?:hvordan (?:gaar det|har (?:du|i) det|er det)|gaar det godt|har (?:du|i) (?:det godt|haft en god)|alt vel|er alt vel)\b[^?]{0,40}\?",
    "de": r"^(?:wie geht(?:'s| es|s)?|wie laeuft'?s|wie war (?:dein|ihr|euer|der) (?:urlaub|wochenende)|alles (?:gut|klar|ok)|geht es (?:ihnen|dir|euch) gut|na)\b[^?]{0,40}\?",
    "fr": r"^(?:et )?(?:comment (?:allez[- ]vous|vas[- ]tu|ca va|va)|ca va|tout va bien|(?:vous allez|tu vas) bien|la forme)\b[^?]{0,40}\?",
}  # fmt: skip
# Who says this in a question asks the reader, however many words it takes.
SECOND_PERSON = r"\b(?:you|your|yours|du|dig|din|dit|dine|jer|jeres|sie|ihr|ihre|ihren|ihnen|dir|dich|dein|deine|euch|eure|vous|votre|vos|tu|toi|ton|tes)\b|^(?:any|anyone|anybody|nogen|noget|jemand|irgend\w+|quelqu'un|des) "
# Who speaks of the reader or of themselves.
PERSON = (
    SECOND_PERSON
    + r"|\b(?:i|me|my|we|us|our|someone|somebody|everybody|jeg|mig|min|mit|mine|vi|os|vores|ich|mir|mich|mein|meine|wir|uns|unser|unsere|je|moi|mon|ma|mes|nous|notre|nos|on)\b"
)
# Questions of a word or two.
BRIEF = r"^(?:and|so|well|any \w+|anything|thoughts|news|ideas|what happened|what now|how (?:come|so|much|many|soon|long)|when|where|why|who|which(?: one)?|ready|possible|ok with you|agreed|nyt|noget nyt|nogen nyt|hvornaar|hvorfor|hvor|og|naa|enig|und|na|gibt'?s (?:was )?neues|was neues|neuigkeiten|wann|warum|wo|wie viel|einverstanden|et|alors|des nouvelles|du nouveau|une idee|quand|pourquoi|combien|d'accord) ?\?+$"
# Only names the day by which something has to be there; whoever says so expects it.
DUE_ALONE = {
    "en": r"\bdeadline\b|\bno later than\b|\bat the latest\b|\bwe (?:need|must have|have to have)\b|\bhas to (?:be|reach)\b|\bmust (?:be|reach)\b",
    "da": r"\bdeadline|\bfrist|\bsenest\b|\bskal (?:bruge|vaere|have)\b",
    "de": r"\bdeadline\b|\bfrist\b|\bspaetestens\b|\bbrauchen\b|\bmuss\b|\bmuessen\b|\bbenoetigen\b",
    "fr": r"\bdate limite\b|\bau plus tard\b|\becheance\b|\bil (?:nous |me )?faut\b|\bdoit\b|\bdoivent\b|\bavons besoin\b",
}
# Who does it, or has done it, is not the reader.
NOT_THE_READER = {
    "en": r"\b(?:i|we)(?:'ll| will| can| have|'ve| are| am| should| shall| hope)\b|\bordered\b|\bhearing|\bvalid\b",
    "da": r"\b(?:jeg|vi) (?:sender|vil|kan|har|er|leverer|skal nok|haaber)\b|\bgaelder\b",
    "de": r"\b(?:ich|wir) (?:werden?|koennen?|haben?|sind|bin|schicken?|senden?|liefern?|melden?|hoffen?)\b|\bgilt\b|\bgueltig\b",
    "fr": r"\b(?:je|nous) (?:vous |te )?(?:envo\w+|enverr\w+|livr\w+|pouvons|peux|avons (?!besoin)|serons|sommes|esper\w+)\b|\bvalable\b",
}

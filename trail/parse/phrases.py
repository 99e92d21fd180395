"""The turns of speech by which `trail.parse.statements` knows a question, a request, a promise … in four languages.

Patterns of regular expressions, each the whole rule: what it finds is quoted, so a reader can see why. One that is wrong
now and then is left out: a thing not listed is looked up, a thing listed wrongly is believed.
"""

from __future__ import annotations

# How a question begins, or its last clause: what has a question mark and none of these is a headline or an aside.
ASKING = {
    "en": r"(?:^(?:(?:hi|hello|dear) [^,]{1,30}, )?(?:(?:and|but|so|or|also|well|ok|okay|now|then|by the way|just (?:one )?(?:quick )?question|question)[,:]? )?|[,;:\u2013-] |\b(?:and|but|or|so) )(?:can|could|would|will|shall|should|may|might|do|does|did|don't|is|are|was|were|am|have|has|had|what|what's|when|where|which|who|whose|how|how's|any (?:news|idea|chance|update|word|thoughts|progress|other|more)|anything|why (?:do|did|are|is|have|was|were|can't|don't) (?:you|we|i|the|my|our|this|it))\b",
    "da": r"(?:^|[,;:\u2013-] |\b(?:og|men|så|eller) )(?:(?:hvad|hvornår|hvor|hvordan|hvem|hvilke[nt]?|hvorfor|hvis)\b|\w+ (?:du|i|vi|jeg|man|det|den|der|de|han|hun)\b|(?:kan|kunne|skal|skulle|vil|ville|må|er|har|havde|bliver|blev|passer|gælder|mangler|findes) \w+)",
    "de": r"(?:^|[,;:\u2013-] |\b(?:und|aber|oder|also) )(?:(?:was|wann|wo|wie|wer|wen|wem|welche[rnsm]?|warum|wieso|wohin|woher|wofür|wie viel\w*)\b|\w+ (?:sie|du|ihr|wir|ich|es|das|man|er)\b|(?:können|könnten|kann|soll|sollen|darf|dürfen|ist|sind|haben|hat|gibt|wird|werden|passt) \w+)",
    "fr": r"\best-ce qu|\bqu'est-ce|\b[a-zé]+-(?:vous|tu|on|il|elle|nous|je|t-il|t-elle|ce|ils)\b|(?:^|[,;:\u2013-] |\b(?:et|mais|ou|alors) )(?:quand|comment|où|pourquoi|combien|quel(?:le)?s?|qui|que|vous|tu)\b",
}  # fmt: skip
REQUEST = {
    "en": r"(?:^|[,;:\u2013-]\s|\b(?:and|so|then|but)\s)please,?\s(?:also\s|just\s|kindly\s|do\s)?(?!(?:find|not|do|see|greet|enjoy|give (?:my|our)|say hello|take care|note|accept|excuse|forgive|feel|ignore|don'?t|do not|disregard|visit|click|go to|refer|read our|sign up|consider the env|bear|correct me|send (?:any|all) (?:questions|comments))\b|be\s(?:aware|advised|assured))[a-z]{2,}"
    r"|\b(?:could|can|would|will) you (?:please|kindly)\b|\blet (?:me|us) know (?:what|which|when|whether|how|where|who|by|as soon|your|the)\b"
    r"|\b(?:i|we) (?:would|'d) (?:be grateful|appreciate it) if you\b|\b(?:i|we) (?:still )?need (?:from you|your (?!help to understand)|you to)\b"
    r"|\b(?:i|we) (?:would|'d) like you to\b|\bremember to send\b|^(?:send|call) (?:me|us) (?:the|your|a copy|when|as soon)\b",
    "da": r"(?:^|\s)(?:vil|kan|kunne|gider|må) (?:du|i|jeg bede (?:dig|jer))(?: \w+){0,2} (?:sende|skrive|ringe|tjekke|bekræfte|godkende|give|finde|kigge|svare|betale|lave|rette|vende|huske|lægge|få|oplyse|underskrive)\b"
    r"|\b(?:send|giv|ring|skriv|bekræft|godkend|husk|sig)\b(?: \w+){0,3} (?:venligst|til mig|til os|besked|at )|\bvenligst\b(?! (?:bemærk|se|find))|\b(?:giv|lad) (?:mig|os) (?:besked|vide|høre)(?! hvis)"
    r"|\b(?:jeg|vi) (?:mangler|har brug for|savner)\b.{0,40}\b(?:fra (?:dig|jer)|din|jeres)\b|\bmangler (?:jeg|vi)\b.{0,20}\bfra (?:dig|jer)\b|\bvær (?:venlig|så (?:venlig|sød)) at\b",
    "de": r"\bbitte\b(?! (?:beachten|entschuldig|verzeih|sehr|finden|nicht antworten|zögern)).{0,60}\b(?:sie|mir|uns|du|ihr|prüfe\w*|sende\w*|schicke\w*|bestätige\w*|melde\w*|teile\w*|überweise\w*|gebt|gib|geben)\b"
    r"|\b(?:ich|wir) bitten? (?:sie|dich|euch|um)\b|\bum (?:\w+ )?(?:rückmeldung|bestätigung|überweisung|zusendung|antwort) (?:wird )?(?:bis|gebeten)"
    r"|\bgeben sie (?:mir|uns) (?:bitte |kurz )?bescheid\b|\blassen sie (?:mich|uns)\b.{0,20}\bwissen\b|\b(?:ich|wir) (?:benötigen?|brauchen?) (?:noch |dringend )?(?:von ihnen|von dir|ihre|deine)\b",
    "fr": r"\bmerci de (?!votre|notre|être)(?:bien vouloir |me |nous )?[a-zé]+(?:er|ir|re)\b|\bveuillez (?!agréer|trouver|recevoir|excuser|croire|noter|accepter)[a-zé]+"
    r"|\b(?:pourriez|pouvez)-vous\b|\b(?:pourrais|peux)-tu\b|\b(?:s'il (?:vous|te) pla[iî]t|svp|stp)\b"
    r"|\bje vous prie de (?!croire|trouver|recevoir|bien vouloir agréer|agréer)|\b(?:faites|fais|tenez|tiens)-(?:moi|nous)\b|\b(?:j'ai|nous avons) (?:encore )?besoin de (?:votre|vos|ton|ta|tes)\b",
}  # fmt: skip
PROMISE = {
    "en": r"(?:^|[,;\u2013-]\s|\b(?:and|so|then|but)\s)(?:i|we)(?:'ll| will| shall)(?: (?:also|then|just|certainly|of course|gladly|be happy to|make sure to|try to))?"
    r" (?:send|get (?:back|it|you|them)|deliver|finish|call|check|look into|come back to|prepare|let you know|write (?:to|you)|reply|answer|draft|provide|share|forward|confirm|pay|transfer|ship|return|follow up|be in touch|update|arrange|book|schedule|submit|bring|have (?:it|them|the) )\b",
    "da": r"\b(?:jeg|vi) (?:sender|leverer|vender tilbage|ringer|betaler|overfører|bekræfter|undersøger|kigger på|sørger for|vil (?:sende|levere|ringe|betale|undersøge)|skal nok|lover)\b"
    r"|\b(?:sender|leverer|vender|ringer|betaler|overfører|bekræfter) (?:jeg|vi)\b",
    "de": r"\b(?:ich|wir) (?:schicken?|senden?|liefern?|melden?|überweisen?|reichen?|rufen?|kümmern?|bestätigen?|prüfen?)\b.{0,60}\b(?:ihnen|dir|euch|sie|mich|uns|nach|zurück|bis|morgen|heute|an)\b"
    r"|\b(?:ich|wir) werden?\b.{3,80}\b(?:schicken|senden|liefern|melden|überweisen|nachreichen|anrufen|kümmern|bestätigen|prüfen|zurückkommen|erledigen)\b",
    "fr": r"\b(?:je|nous) (?:vous |te |t')(?:envoie|enverrai|enverrons|envoyons|transmets|transmettrai|transmettrons|rappelle|rappellerai|rappellerons|tiens|tiendrai|confirme|confirmerai|ferai|ferons)\b"
    r"|\b(?:je|nous) (?:reviens|reviendrai|revenons|reviendrons) vers (?:vous|toi)\b",
}  # fmt: skip
# What stands right before a day that something is due on; `DUE_AFTER` right after it.
DUE = {
    "en": r"\b(?:by|(?:have|has|valid|open|time|wait|extended|on hold)(?: \w+)? (?:until|till)|before|no later than|not later than|due(?: back)?(?: on| by)?|deadlines?(?: is| was| of|:| for [\w ]{1,30}(?: is|:))?|expires?(?: on)?|payable(?: by)?|ends? on|end(?: our| the| this)? (?:agreement|contract|tenancy) on)(?: (?:the|on|end of business|close of business|noon|midnight|(?:mon|tues|wednes|thurs|fri|satur|sun)day,?|\d{1,2}(?::\d\d)?(?: ?[ap]m)?(?: on)?)){0,3}\s*$",
    "da": r"\b(?:senest|inden|indtil|frist(?:en)?(?: er)?:?|deadline(?:n)?(?: er)?:?|forfald(?:er|sdato)?:?|udløber|før)(?: (?:den|d\.|på|til|kl\. ?[\d.:]+|(?:man|tirs|ons|tors|fre|lør|søn)dag)){0,3}\s*$",
    "de": r"\b(?:bis(?: spätestens)?|spätestens|frist(?: ist| endet| läuft)?:?|fällig|deadline(?: ist)?:?|läuft ab|endet)(?: (?:zum|den|am|dem|zu|auf|ab|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag),?)){0,3}\s*$",
    "fr": r"(?:\bavant|\bd'ici|\bau plus tard|\bjusqu'(?:au|à)|\bdate limite(?: est)?:?|\béchéance(?: est)?:?|\bexpire)(?: (?:le|la|au|à|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)){0,2}\s*$",
}  # fmt: skip
DUE_AFTER = {
    "en": r"^ (?:at the latest|is the deadline|is our deadline)",
    "da": r"^ (?:er (?:fristen|deadline)|(?:som|aller)?senest)",
    "de": r"^ (?:fällig|spätestens|ist (?:die )?(?:frist|deadline|abgabe))",
    "fr": r"^ (?:au plus tard|dernier délai)",
}
# Right before a day on which people have to be somewhere.
APPEARANCE = {
    "en": r"\b(?:hearing|trial|court|tribunal|deposition|mediation|meeting|appointment|call|conference)\b(?: (?:date|with [\w ]{1,30}))?(?: (?:is|has been|was|will be|takes place|set|scheduled|booked|moved|confirmed|listed|fixed|held|now)){1,4}(?: (?:for|on|to|the|at|(?:mon|tues|wednes|thurs|fri|satur|sun)day,?)){0,3}\s*$",
    "da": r"\b(?:retsmøde\w*|hovedforhandling\w*|møde(?:t)?)(?: (?:er|bliver|er flyttet til|er berammet til|holdes|flyttet til|sat til))(?: (?:den|d\.|på|til|(?:man|tirs|ons|tors|fre|lør|søn)dag,?)){0,3}\s*$",
    "de": r"\b(?:(?:haupt)?verhandlung\w*|gerichtstermin\w*|anhörung\w*|termin|treffen|besprechung)(?: (?:ist|findet|wurde|wird|steht))?(?: (?:am|auf|für|den|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag),?)){1,3}\s*$",
    "fr": r"\b(?:audience|plaidoirie|réunion|rendez-vous)(?: (?:est|aura lieu|sera|a été))?(?: (?:fixée?|prévue?|reportée?))?(?: (?:le|au|du|pour|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)){1,3}\s*$",
}  # fmt: skip
WITHIN = {
    "en": r"\b(?:due|pay\w*|reply|respond|answer|return\w*|net|deliver\w*)\b[^.]{0,40}\bwithin (\d{1,3}) (days?|weeks?)\b",
    "da": r"\b(?:betal\w+|forfald\w*|svar\w*|lever\w+)\b[^.]{0,40}\binden for (\d{1,3}) (dage?|uger?)\b",
    "de": r"\b(?:zahl\w+|fällig|antwort\w*|liefer\w+)\b[^.]{0,40}\b(?:innerhalb von|innert|binnen) (\d{1,3}) (tag\w*|woche\w*)",
    "fr": r"\b(?:pay\w+|règlement|réponse|livr\w+)\b[^.]{0,40}\b(?:sous|dans les) (\d{1,3}) (jours?|semaines?)\b",
}
AGREEMENT = {
    "en": r"\b(?:i|we) (?:hereby |gladly |happily )?(?:accept|agree (?:to|with)|approve|confirm) (?:your|the|this) (?:quote|quotation|offer|proposal|estimate|terms|price|fee|contract|budget|order)\b"
    r"|\bwe (?:have |are |all )?agreed? (?:to|on|that)\b|\b(?:quote|quotation|offer|proposal|estimate|contract|agreement|budget)(?: is| was| has been|,)? (?:hereby )?(?:accepted|approved|signed|agreed)\b|\b(?:that|which|this) is agreed\b|^agreed\b[^,]{0,40}[.!]"
    r"|\b(?:signed|countersigned) (?:the |copy of the |our |your )?(?:contract|agreement|quote|order|nda)\b|\b(?:our|the|this) (?:contract|agreement)\b.{0,60}\b(?:signed|ends?|expires?|renew\w*|terminat\w+|end on|stands)\b|\b(?:notice|terminat\w+|renew\w*|clause|number \d+)\b.{0,60}\b(?:our|the|this) (?:contract|agreement)\b",
    "da": r"\bja tak til (?:tilbuddet|jeres tilbud|dit tilbud|prisen)\b|\btilbud(?:det)? (?:er )?(?:accepteret|godkendt)\b|\b(?:accepterer|godkender) (?:jeres|dit|tilbuddet|prisen|kontrakten)\b|\bdet er (?:hermed )?aftalt\b|^aftalt\b|\bsom aftalt\b"
    r"|\b(?:underskrevet|underskreven|underskrevne) (?:kontrakt|aftale)\w*|\b(?:kontrakt|aftale)(?:n|en)? (?:er |blev )?(?:underskrevet|indgået|fornyet|opsagt)\b|\bvi (?:er|blev) enige om\b|\bopsig\w+ (?:af )?(?:kontrakt|aftale|samarbejde)\w*",
    "de": r"\bangebot\b.{0,40}\b(?:angenommen|an\b[.,]?$|bestätigt|beauftrag\w+)|\b(?:nehmen|nehme) (?:wir |ich )?(?:ihr|dein|das) angebot\b|\b(?:sind|bin) (?:wir |ich )?(?:mit \w+ \w+ )?einverstanden\b|\bwie (?:vereinbart|besprochen vereinbart)\b"
    r"|\b(?:unterschriebene[rnm]?|unterzeichnete[rnm]?) (?:vertrag|vereinbarung|auftrag)\b|\bvertrag\b.{0,40}\b(?:unterschrieben|unterzeichnet|gekündigt|verlängert|endet|läuft)\b|\bkündig\w+ (?:des |den |unsere[nrs]? )?(?:vertrag|vereinbarung)\w*",
    "fr": r"\b(?:j'accepte|nous acceptons|nous validons|je valide) (?:votre|le|la) (?:devis|offre|proposition|contrat)\b|\bbon pour accord\b|\b(?:nous sommes|je suis) d'accord (?:avec|sur|pour)\b|\bcomme convenu\b|\b(?:devis|contrat|offre) (?:est |a été )?(?:accepté|signé|validé|résilié|renouvelé)e?\b",
}  # fmt: skip
# In a sentence with one of these nobody says yes.
UNDECIDED = {
    "en": r"\b(?:not|never|unless|if|until|whether|cannot|could|would have)\b|n't\b|\?",
    "da": r"\b(?:ikke|aldrig|hvis|medmindre|om i|ingen)\b|\?",
    "de": r"\b(?:nicht|nie|kein\w*|falls|wenn|sofern|ob)\b|\?",
    "fr": r"\b(?:ne|pas|aucun\w*|jamais|si)\b|\bn'|\?",
}
CONDITION = {
    "en": r"^(?:if|unless|should you|in case|when)\b|\bif you (?:have|need|want|would|wish|do not|don't|prefer)\b",
    "da": r"^(?:hvis|såfremt|skulle)\b|\bhvis (?:du|i) (?:har|vil|ikke|ønsker)\b",
    "de": r"^(?:falls|wenn|sollten?|sofern)\b|\b(?:falls|wenn|sollten) (?:sie|du|ihr)\b",
    "fr": r"^(?:si|en cas)\b|\bsi (?:vous|tu) \w+",
}
BILL = {
    "en": r"\binvoices?\b",
    "da": r"\b(?:kredit)?faktura(?:en|er|erne)?\b|\bregning(?:en)?\b",
    "de": r"\b(?:\w+)?rechnung(?:en)?\b(?! trag)|\brechnungs(?:nummer|nr|betrag)\b",
    "fr": r"\bfactures?\b",
}
# Words of which a sentence has one, or no pattern of that table can be found in it: to look for a word costs next to nothing.
GATES = {
    "REQUEST": "please you know need like remember send call"
    " du i jer venligst mig os bede besked mangler brug savner vær"
    " bitte bitten sie um geben lassen benötige benötigen brauche brauchen"
    " merci veuillez vous tu plaît plait svp stp prie moi nous besoin",
    "PROMISE": "i we jeg vi ich wir je nous",
    "DUE": "by until till before later due deadline deadlines expires expire payable ends end at is date"
    " senest inden indtil frist fristen deadlinen forfald forfalder forfaldsdato udløber før er"
    " bis spätestens fällig läuft endet ist termin treffen am"
    " avant d tard jusqu limite échéance"
    " hearing trial court tribunal deposition mediation meeting appointment call conference"
    " retsmøde retsmødet hovedforhandling hovedforhandlingen møde mødet"
    " verhandlung hauptverhandlung gerichtstermin anhörung besprechung"
    " audience plaidoirie réunion rendez dernier ist som allersenest",
    "WITHIN": "within inden innerhalb innert binnen sous dans",
    "AGREEMENT": "accept agree agreed approve approved confirm signed countersigned accepted contract agreement"
    " tilbuddet tilbud accepterer godkender aftalt underskrevet underskreven underskrevne kontrakt kontrakten aftale aftalen enige opsigelse opsiger opsige"
    " angebot einverstanden vereinbart vertrag vertrages vertrags vereinbarung unterschriebene unterschriebenen unterschriebener unterzeichnete unterzeichneten unterzeichneter kündigung kündige kündigen"
    " accepte acceptons validons valide accord convenu devis contrat offre",
    "BILL": "invoice invoices faktura fakturaen fakturaer fakturaerne kreditfaktura regning regningen facture factures",
}
# Said to be civil, not to be answered.
PLEASANTRY = {
    "en": r"^(?:and )?(?:how are (?:you|things)|how(?:'s| is) (?:it going|life|everything)|guess what|you know|right|ok(?:ay)?|really|isn't it|why not|who knows|remember|what else|so what|need i say more|sound(?:s)? good|makes sense|any(?:one|body) (?:home|there)|is it just me)\b[^?]{0,25}\?|, (?:are|is|was|were|do|does|did|can|could|will|would|have|has|had|should|right|eh)(?:n't)?(?: (?:i|you|it|they|he|she|we|there))?(?: not)? ?\?",
    "da": r"^(?:hvordan (?:går det|har (?:du|i) det)|ikke(?: sandt)?|vel|gæt|okay|ok|hvem ved|hvorfor ikke)\b[^?]{0,25}\?|, (?:ikke|ikk'?|vel|hva'?|ikke sandt) ?\?",
    "de": r"^(?:wie geht(?:'s| es)|nicht wahr|oder|ok(?:ay)?|wer weiß|warum nicht|na)\b[^?]{0,25}\?|, (?:oder|oder nicht|nicht wahr|ne|gell|nicht) ?\?",
    "fr": r"^(?:comment (?:ça va|allez-vous|vas-tu)|ça va|n'est-ce pas|pourquoi pas|qui sait|vous savez|ok)\b[^?]{0,25}\?|, (?:non|hein|n'est-ce pas) ?\?",
}
JOB = (
    r"\b(?:director|manager|head|chief|officer|ceo|cfo|cto|coo|president|founder|owner|partner|lawyer|attorney|solicitor|counsel|paralegal|accountant|bookkeeper|auditor|assistant|secretary|editor|engineer|designer|developer|consultant|buyer|purchas\w+|sales|marketing|accounts|legal"
    r"|direktør|chef|leder|\w+chef|\w+leder|advokat|jurist|revisor|bogholder|sekretær|partner|indehaver|brygmester|indkøb\w*|konsulent"
    r"|geschäftsführ\w+|leiter\w*|\w+leiter\w*|rechtsanw\w+|steuerberater\w*|buchhaltung|assistenz|inhaber\w*|sachbearbeiter\w*|notar\w*"
    r"|directeur|directrice|gérante?|avocate?|comptable|responsable|assistante?|notaire|chargée?)\b"
)  # fmt: skip

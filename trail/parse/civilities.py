"""The turns of speech by which `trail.parse.asked` knows what only looks as if it wanted an answer, and short questions.

For sentences as `trail.parse.wants.fold` gives them.
"""

from __future__ import annotations

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
# Only asks to wait, or to be patient: not with something, nor for a sign, and not in a question.
WAIT = {
    "en": r"\b(?:(?:ask|asking|beg) (?:you |you all |you both |everybody )?(?:to (?:please |kindly )?|for )|(?:please|pls) (?:just |kindly )?)(?:wait|be patient|bear with (?:me|us)|hang on|hold on|(?:a little |some |your |a bit of )?patience)(?: (?:on this|with (?:me|us)))?(?:,? (?:please|though|however|for|just|only|a|an|another|one|two|few|couple|of|some|little|bit|more|longer|while|moment|days?|weeks?))*(?: (?:until|till) (?:(?! and )[^,;:?]){1,40})?[.!,\s]*$",
    "da": r"\b(?:bede[r]?|beder jeg|venligst) (?:jeg |vi )?(?:dig |jer |alle )?(?:om )?(?:at )?(?:vente|vent|vaere taalmodige?|(?:lidt |din |jeres )?taalmodighed)(?:,? (?:dog|desvaerre|lidt|endnu|laengere|en|et|to|par|uges?|uger|dage?|maaned))*(?: (?:til|indtil) (?:(?! og )[^,;:?]){1,40})?[.!,\s]*$|\b(?:hav|vaer) (?:venligst |lidt )*(?:taalmodighed|taalmodig)[.!,\s]*$",
    "de": r"\bbitten?\b,? (?:ich |wir )?(?:sie |dich |euch |alle )?(?:aber |daher |leider |haben sie |habt |hab )?,?(?: ?(?:noch|bis|um|etwas|ein|eine|wenig|bisschen|weile|ihre|deine|eure|kurz|laenger|einige|ein paar|tage|wochen|januar|februar|maerz|april|mai|juni|juli|august|september|oktober|november|dezember|zur?m?|naechsten?|woche|montag|freitag))*,? ?(?:zu warten|warten|geduld|zu gedulden)(?: zu haben)?[.!,\s]*$|\bum (?:noch )?(?:etwas |ein wenig |ein bisschen |ihre |deine |eure )?geduld (?:zu )?bitten[.!,\s]*$",
    "fr": r"\b(?:demand(?:er|e|ons)|pri(?:er|e|ons)|merci|veuillez)(?: (?:a tous|donc|encore))* (?:de |d'|a )?(?:bien vouloir )?(?:patienter|attendre|(?:un peu de |votre |ta )?patience)(?:,? (?:toutefois|cependant|encore|un|une|peu|quelques|jours?|semaines?|moment|s'il vous plait))*(?: jusqu'(?:(?! et )[^,;:?]){1,40})?[.!,\s]*$",
}  # fmt: skip
RHETORICAL = {
    "en": r"\b(?:can|would|could) (?:you|u) (?:believe|imagine)\b|\bwho (?:would|could|'d) have (?:thought|guessed|known)\b|\bwho(?:'d have| would have| would've) thought|^(?:and |but )?who (?:needs|knows|cares|doesn't)\b|\bwhat (?:could|can) (?:possibly )?go wrong|\bhow (?:cool|great|lovely|nice|amazing|funny|crazy|cute|sweet) (?:is|are) (?:that|this|he|she|it|they|these|those)|\b(?:is|was|are|were)n't (?:it|that|they) |\b(?:am i right|right|eh|huh|get it|you know|why not|anyway) ?\?|(?:do|does|did|is|was|are|were|has|have|had|wo|ca|would|could|should)n't (?:it|that|they|he|she|there) ?\?|\b(?:is it|am i|was it) (?:just me|the only)|^ever (?:notice|tried|try|wonder|have|had)|\bwhat more (?:could|can)|\bguess what",
    "da": r"\bhvem (?:skulle|ville|havde) (?:have )?troet\b|\bhvem ved\b|\bkan (?:du|i) (?:forestille|tro|fatte)\b|^er det ikke (?:bare )?(?:fedt|skoent|vildt|dejligt)|\b(?:ikke|vel|ikke sandt|hva) ?\?|\bhvorfor ikke ?\?",
    "de": r"\bwie \w+ (?:ist|sind) (?:das|die|der|es) denn\b|\bwer haette (?:das|es) (?:gedacht|geglaubt|je)\b|\bwer weiss\b|\b(?:kannst du|koennen sie) (?:dir |sich )?(?:das )?(?:vorstellen|glauben)\b|^ist das nicht (?:toll|schoen|super|klasse)|\bwas will man mehr\b|\bwer braucht\b|\b(?:oder|nicht wahr|gell|ne|nicht) ?\?$|\bwarum nicht ?\?",
    "fr": r"\bqui l'(?:eut|aurait) cru\b|\bqui sait\b|\b(?:tu te rends|vous vous rendez) compte\b|\b(?:tu y crois|vous y croyez)\b|\bque demander de plus\b|\bn'est-ce pas ?\?|\b(?:non|hein) ?\?$|\bpourquoi pas ?\?",
}  # fmt: skip
# How a sentence begins that answers the question before it.
ANSWERED = r"^(?:because|simple|simply|easy|quite simply|the answer|nothing|nobody|no one|none|weil|ganz einfach|einfach weil|die antwort|nichts|niemand|fordi|ganske enkelt|svaret|ingen|parce que?|tout simplement|c'est simple|la reponse|rien|personne)\b"
# What is asked only to be explained: `What is a deed? A deed is …`.
EXPLAINED = r"^(?:what|who|was|wer|hvad|hvem|qu'est-ce que?|qui) (?:is|are|ist|sind|er|est|sont|c'est) (.{3,40}?) ?\?$"
PLEASANTRY = {
    "en": r"^(?:and |so )?(?:how are (?:you|things|u)|how have you been|how(?:'s| is) (?:it going|everything|life|the family|things)|how (?:was|is) your (?:weekend|holiday|holidays|vacation|summer|christmas|trip|week|day)|are you (?:well|ok|okay|all right)|did you have a (?:good|nice|great)|everything ok(?:ay)?|all well|you well)\b[^?]{0,40}\?",
    "da": r"^(?:hvordan (?:gaar det|har (?:du|i) det|er det)|gaar det godt|har (?:du|i) (?:det godt|haft en god)|alt vel|er alt vel)\b[^?]{0,40}\?",
    "de": r"^(?:wie geht(?:'s| es|s)?|wie laeuft'?s|wie war (?:dein|ihr|euer|der) (?:urlaub|wochenende)|alles (?:gut|klar|ok)|geht es (?:ihnen|dir|euch) gut)\b[^?]{0,40}\?|^na ?\?",
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

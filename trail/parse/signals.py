"""The turns of speech by which `trail.parse.needs` knows wishes for changes, displeasure, people who leave, and mail by programs.

For sentences as `trail.parse.wants.fold` gives them. A message is looked through for these in all four languages:
people complain, and leave, in whatever language comes to them.
"""

from __future__ import annotations

# In a sentence that asks for something.
CHANGE = {
    "en": r"(?:^|\b(?:you|u|we|i|please|pls|to|also|and|or|then|kindly|just|instead|everybody|someone) )(?:also |just |please |maybe |perhaps |then |kindly )*(?:change|replace|move|add|remove|delete|drop|swap|adjust|amend|revise|alter|modify|include|shorten|enlarge|rewrite|redo|rephrase|rename)\b(?! (?:me|us|him|her|them|requests?)\b)"
    r"|\bon top of (?:that|this|it)\b|\balso (?:do|make|have|design|create|get|produce|prepare|build|write|cover|show|use)\b|\b(?:additional|extra|another|further) (?:page|version|round|language|colour|color|variant|option|chapter|section|design|draft|feature|field|logo|slide|copy)s?\b"
    r"|\b(?:make|put|set|turn|have|print) (?:it|the|this|that|them|our|everything) .{0,40}\b(?:bigger|smaller|larger|darker|lighter|bold|shorter|longer|wider|narrower|louder|more \w+)\b|\bbe (?:a )?(?:little |bit |much )*(?:bigger|smaller|larger|darker|lighter|bolder|shorter|longer|wider|narrower)\b",
    "de": r"\b(?:aendern|ersetzen|austauschen|verschieben|ruecken|ergaenzen|hinzufuegen|einfuegen|einbauen|entfernen|loeschen|streichen|anpassen|umstellen|tauschen|korrigieren|ueberarbeiten|umbenennen|(?:aendere|ersetze|ergaenze|streiche|loesche|tausche|korrigiere)n?|zusaetzlich\w*|(?:geaendert|ersetzt|verschoben|ergaenzt|entfernt|geloescht|gestrichen|angepasst|korrigiert) werden|groesser|kleiner|dunkler|heller|fetter|kuerzer|laenger|breiter|schmaler)\b",
    "da": r"\b(?:aendre[srt]?|erstattes?|udskiftes?|flyttes?|tilfoejes?|fjernes?|slettes?|rettes?|ret|flyt|fjern|slet|tilfoej|erstat|udskift|bytte|byt|justeres?|omskrives?|faa (?:\w+ ){0,3}(?:slettet|rettet|flyttet|fjernet|erstattet|udskiftet|tilfoejet|justeret)|stoerre|mindre|moerkere|lysere|laengere|kortere|bredere|ogsaa (?:faa|lave|have|saette)|ekstra|yderligere)\b",
    "fr": r"\b(?:changer|remplacer|deplacer|ajouter|supprimer|enlever|retirer|modifier|corriger|adapter|decliner|agrandir|reduire|raccourcir|rallonger|(?:remplac|ajout|supprim|modifi|chang|deplac|corrig|enlev|retir)ez|plus (?:petit|fonce|clair|long|court|large)e?s?)\b|^(?:remplac|ajout|supprim|modifi|chang|deplac|corrig|enlev|retir)e\b",
}  # fmt: skip
# Other things that people change, move and add.
NO_CHANGE = r"\b(?:meeting|call|appointment|date|time|slot|password|calendar|invite|termin|treffen|besprechung|telefonat|uhrzeit|passwort|moede\w*|aftale\w*|tid|tidspunkt|adgangskode|rendez-vous|reunion|date|horaire|mot de passe|print(?:ing)?run)\b"
ESCALATION = (
    r"\b(?:i|we|'m|'re|am|are|was|were|is)(?: \w+){0,2} (?:disappointed|dissatisfied|frustrated|appalled|fed up)\b|\b(?:is|was|be|been|it|'s)(?: \w+){0,2} (?:disappointing|frustrating|outrageous|appalling|unprofessional)\b|\b(?:unacceptable|inexcusable)\b"
    r"|(?:\bnot|n't) (?:good enough|acceptable|what (?:we|was) agreed)\b|\b(?:i|we|i'm|we're|client)\b.{0,30}\b(?:not|un) ?(?:happy with|satisfied with)"
    r"|\b(?:instruct|involve|consult|contact|call in|hear from|speak to|hand \w+ to|turn to|go to|pass .{0,20}\bto|refer .{0,20}\bto) (?:our|my|a) (?:lawyers?|solicitors?|attorneys?|legal team)\b|\blegal (?:action|steps|proceedings)\b"
    r"|\b(?:third|fourth|fifth|3rd|4th|umpteenth|nth) (?:time|reminder|request|attempt|e-?mail)\b|\b(?:final|last) (?:reminder|warning|notice)\b|\bstill (?:waiting (?:for|to|on)|no (?:answer|reply|response|news)|have(?:n't| not) (?:heard|received|had (?:an?|any|the|your)))\b"
    r"|\b(?:losing|lost|running out of) (?:all |my |our )?(?:confidence|trust|patience|faith)\b|\bbreach of (?:our |the )?(?:contract|agreement)\b|\b(?:cancel|terminate) (?:the|our|this|your) (?:order|contract|agreement|project|cooperation)\b|\b(?:business|work) elsewhere\b|\bformal complaint\b|\b(?:want|demand|get|like|have) (?:my|our) money back\b"
    r"|\benttaeusch(?:t|end\w*)\b|\binakzeptabel|\bnicht (?:akzeptabel|hinnehmbar|zufrieden|in ordnung)\b|\bunzumutbar|\bunverschaemt|\bveraergert\b|\baergerlich\b|\bfrechheit\b|\bunzufrieden\b|\b(?:zum|das) (?:dritten?|vierten?|fuenften?|x-ten|wiederholten) ?mal\b|\bwiederholt (?:gebeten|angemahnt|erinnert)\b|\bletzte[rn]? (?:frist|mahnung|aufforderung|mahnschreiben)\b"
    r"|\b(?:an|ueber|durch|mit) (?:unsere[nm]|meine[nm]|eine[nm]) (?:rechts)?anwalt\b|\banwalt (?:einschalten|beauftragen)\b|\b(?:rechtliche|juristische) schritte\b|\brechtsweg\b|\b(?:warten?|wartet) (?:ich |wir )?(?:immer noch|noch immer|seit (?:wochen|tagen|monaten))\b|\bimmer noch (?:keine|nichts)\b|\bvertragsbruch\b|\bgeduld .{0,20}(?:am ende|erschoepft)|\bbeschwerde\b"
    r"|\bskuffe(?:t|nde|de)\b|\butilfreds\w*|\buacceptab\w+|\bikke (?:godt nok|i orden|acceptab\w+|tilfredse?|fair)\b|\bunder al kritik\b|\buholdbart?\b|\b(?:tredje|fjerde|femte|3\.|4\.) (?:gang|rykker|paamindelse)\b|\bsidste (?:rykker|paamindelse|advarsel|varsel)\b"
    r"|\b(?:gaar|kontakter|sender|overgiver|overdrager|inddrager)\b.{0,40}\badvokat|\bjuridiske skridt\b|\binkasso\b|\bventer (?:stadig|fortsat|endnu)\b|\bstadig ikke (?:hoert|faaet|modtaget)\b|\b(?:ophaever|opsiger) (?:aftalen|kontrakten|samarbejdet)\b|\btaalmodighed\w*.{0,20}\b(?:slut|opbrugt)"
    r"|\bdecue?s?\b|\bdecevante?s?\b|\binacceptable|\binadmissible|\bintolerable|\bscandaleu|\bmecontente?s?\b|\binsatisfaite?s?\b|\bmise en demeure\b|\b(?:confi\w+|saisi\w+|consult\w+|contact\w+|transmett\w+|transmis) .{0,30}\bavocats?\b|\bpoursuites\b|\bvoie judiciaire\b"
    r"|\b(?:troisieme|quatrieme|cinquieme|3e|4e|enieme) (?:fois|relance|rappel|mail)\b|\bdernier (?:rappel|avertissement)\b|\battend(?:s|ons|ez)? (?:toujours|encore)\b|\btoujours (?:pas|aucune?) (?:de )?(?:reponse|nouvelles|recu|eu)\b|\bresili(?:er|ons|erons) (?:le|notre|ce) contrat\b|\bperdu (?:confiance|patience)\b|\bbout de patience\b"
)
# Small words of which a sentence has one, or the pattern cannot be found in it.
ESCALATION_WORDS = (
    "disappointed disappointing dissatisfied frustrated frustrating unacceptable inexcusable outrageous appalled appalling"
    " unprofessional enough acceptable happy unhappy satisfied unsatisfied agreed lawyer lawyers solicitor solicitors attorney attorneys legal third fourth"
    " fifth 3rd 4th umpteenth nth reminder warning notice still fed confidence trust patience faith breach cancel terminate"
    " elsewhere complaint money enttaeuscht enttaeuschend enttaeuschende enttaeuschendes inakzeptabel inakzeptable akzeptabel"
    " hinnehmbar zufrieden ordnung unzumutbar unzumutbare unverschaemt unverschaemte unverschaemtheit veraergert aergerlich frechheit unzufrieden"
    " mal wiederholt letzte letzter letzten anwalt rechtsanwalt schritte rechtsweg warte warten wartet immer vertragsbruch geduld"
    " beschwerde skuffet skuffende skuffede utilfreds utilfredse utilfredsstillende uacceptabel uacceptabelt uacceptable ikke"
    " kritik uholdbar uholdbart tredje fjerde femte 3 4 sidste advokat advokaten advokater juridiske inkasso venter stadig ophaever"
    " opsiger taalmodighed taalmodigheden decu decue decus decues decevant decevante decevants decevantes inacceptable"
    " inacceptables inadmissible intolerable scandaleux scandaleuse mecontent mecontente mecontents mecontentes insatisfait"
    " insatisfaite demeure avocat avocats avocate poursuites voie troisieme quatrieme cinquieme 3e 4e enieme dernier attends attend"
    " attendons attendez toujours resilier resilions resilierons perdu bout"
)
DEPARTURE_WORDS = (
    "leaving leave left leaves last longer resigned notice role position job retiring take succeed mehr letzter letzte letzten"
    " letztem arbeitstag verlasse verlassen verlaesst verlasst ausgeschieden ruhestand gekuendigt sidste ikke laengere stoppet"
    " fratraadt fratraeder stopper holder opsagt forlader pension quitte quitter quitterai quittera quittons quittez quitta plus"
    " dernier depart demissionne demissionner demissionnaire contract agreement farewell kontrakt aftale aftalen samarbejdet opsiger vertrag"
    " zusammenarbeit contrat collaboration"
)
DEPARTURE = (
    r"\b(?:am|'m|is|are|will be|be) leaving (?:.{0,40}\b(?:company|firm|business|organi[sz]ation|practice|agency|at the end of (?:the|this|next)|after (?:\w+ ){1,2}years)\b|(?:us|my (?:role|position|post|job))\b)|\b(?:leave|left|leaves) (?:the )?(?:company|firm|organi[sz]ation|practice|agency)\b|\b(?:my|his|her) last (?:working )?day\b(?! of)"
    r"|\bno longer (?:works?|working|employed|with (?:us|the (?:company|firm|team)))\b|\b(?:have|has|had) resigned\b|\bhanded in (?:my|his|her) notice\b|\bnew (?:role|position|job) (?:at|with|elsewhere)\b|\b(?:i am|i'm|is|will be) retiring\b|\bwill (?:take over|succeed) (?:from|as) (?:me|my successor)\b"
    r"|\bnicht mehr (?:bei uns |hier |laenger )?(?:im (?:unternehmen|haus)\b|in (?:unserem|unserer|der) (?:unternehmen|haus|firma|team|kanzlei)|fuer (?:uns|das unternehmen|die firma|die kanzlei)|beschaeftigt|taetig|angestellt|arbeite)|\b(?:mein|ihr|sein)e?[rn]? letzter? (?:arbeits|werk)?tag\b|\bletzter? arbeitstag\b"
    r"|\bverlass\w* .{0,60}\b(?:unternehmen|firma|kanzlei|agentur|gesellschaft|zum \d{1,2}\.|ende)|\bjahren verlass|\b(?:unternehmen|firma|kanzlei|agentur) (?:zum .{1,20})?verlassen\b|\bausgeschieden\b|\bruhestand\b|\b(?:habe|hat) gekuendigt\b"
    r"|\b(?:min|hans|hendes) sidste (?:arbejds)?dag\b|\b(?:arbejder|ansat|er) (?:her |hos os |hos \w+ )?ikke (?:laengere|mere)\b.{0,20}\b(?:her|hos|ansat|virksomheden|firmaet)|\b(?:arbejder|er) (?:her|hos (?:os|\w+)) ikke (?:laengere|mere)\b|\bikke laengere (?:ansat|hos os)\b|\b(?:stoppet|fratraadt|fratraeder|stopper|holder op) (?:min stilling|sin stilling|hos|i (?:firmaet|virksomheden)|med udgangen)\b|\bopsagt (?:min|sin) stilling\b|\bforlader (?:firmaet|virksomheden|\w+ med udgangen)\b|\bgaar paa pension\b"
    r"|\bquitt(?:e|er|erai|era|ons|e[rs]?|a) (?:la societe|l'entreprise|le cabinet|l'agence|mes fonctions|mon poste|ses fonctions|son poste|notre \w+)|\ba quitte (?:la|le|l'|notre|ses|son)|\bne (?:fait|fais|font) plus partie\b|\bne travaille plus\b|\b(?:mon|son) dernier jour\b|\bn'est plus (?:en poste|chez nous|employee?|dans (?:la societe|l'entreprise))|\bdepart (?:a la|en) retraite\b|\bdemissionn\w+"
    # a contract that ends now, not the day that one names
    r"|\btoday,? (?:our|the|this) (?:contract|agreement) (?:ends|expires|is over)\b|\bour (?:contract|agreement) (?:ends|expires|ended) today\b|\bfarewell (?:e-?mail|mail|letter|note)\b|\b(?:terminate|terminating|not (?:to )?renew(?:ing)?) (?:our|the) (?:contract|agreement)\b"
    r"|\bopsiger (?:vi |jeg |hermed )*(?:kontrakten|aftalen|samarbejdet|vores (?:kontrakt|aftale|samarbejde))\b|\bi dag (?:udloeber|ophoerer) vores (?:kontrakt|aftale)\b"
    r"|\b(?:heute endet|kuendigen wir(?: hiermit)?) (?:unser\w*|den) vertrag\b|\bbeenden (?:wir )?(?:die|unsere) zusammenarbeit\b"
    r"|\bnotre contrat (?:prend fin|se termine) aujourd'hui\b|\bmett(?:re|ons) fin a (?:notre|la) (?:contrat|collaboration)\b"
)
# A text that a program wrote says so.
PROGRAM = (
    r"\b(?:do not|don't|not to) (?:reply|respond) (?:directly )?to this\b|\b(?:mailbox|inbox|address) is not monitored\b|\bunmonitored\b|\bthis (?:is an? |e-?mail |message |notification )[^.]{0,30}\bautomat\w+|\bautomat\w+ (?:message|e-?mail|notification|reply)\b"
    r"|\bkan ikke besvares\b|\bsvar ikke paa denne\b|\bdenne (?:mail|e-mail|besked) er (?:sendt |genereret )?automatisk|\bautomatisk (?:genereret|udsendt)\b"
    r"|\bautomatisch (?:erstellte?|generierte?|erzeugte?|versandte?|versendete?)\b|\bantworten sie (?:bitte )?nicht\b|\bnicht auf diese (?:e-?mail|nachricht|mail)\b"
    r"|\bmessage automatique\b|\bautomatiquement (?:genere|envoye)|\b(?:genere|envoye)e? automatiquement\b|\bne pas (?:y )?repondre\b"
)
# What shops and services send by themselves, by the subject and the box it comes from.
RECEIPT = r"\b(?:receipt|order confirmation|payment (?:received|confirmation)|your (?:order|invoice|payment|subscription)|your (?:parcel|package|delivery)|ihr paket|ihre lieferung|din (?:pakke|levering)|votre (?:colis|livraison)|kvittering|ordrebekraeftelse|din (?:ordre|faktura|bestilling)|bestellbestaetigung|auftragsbestaetigung|versandbestaetigung|zahlungsbestaetigung|ihre (?:bestellung|rechnung|zahlung)|confirmation de commande|votre (?:commande|facture|paiement)|recu de paiement)\b"
SERVICE = r"^(?:billing|orders?|invoices?|receipts?|payments?|shop|store|sales|service|support|accounts?|kvittering|ordre|faktura|kundeservice|bestellung(?:en)?|versand|rechnung(?:en)?|buchhaltung|commandes?|facturation|factures?|info|suivi|tracking|livraison|pakke|paket|stay|hello|team|subscriptions?|noreply)[+@._-]"
# A box that nobody reads, by its name.
NO_BOX = r"^(?:ne-?pas-?repondre|nicht-?antworten|keine-?antwort|ikke-?svar\w*|svar-?ikke|portal|portail|notifications?|system|robot|automat\w*)[+@._-]"
# Nobody is to answer, says the author.
NO_ANSWER = r"\bno need to (?:reply|answer|respond)\b|\bno (?:reply|answer|response|action) (?:is )?(?:needed|necessary|required)\b|\bdu behoever ikke (?:at )?svare\b|\bkraever ikke svar\b|\bkeine antwort (?:noetig|erforderlich)\b|\bbrauchst nicht (?:zu )?antworten\b|\b(?:pas besoin|inutile) de repondre\b"
THANKS = r"^(?:\w+[,!]? )?(?:(?:many |so much )?thank|thx|cheers|great|perfect|brilliant|wonderful|lovely|super|tak\b|tusind tak|mange tak|perfekt|fint|danke|vielen dank|herzlichen dank|besten dank|toll|merci|parfait|genial|received with thanks)|\b(?:thanks?|thank you|tak|danke|merci)\b"
INFORMATION = r"\bfyi\b|\bfor (?:your )?(?:information|info|reference|records|files)\b|\bjust to let you know\b|\b(?:zur|zu ihrer|zu deiner) (?:info|information|kenntnis\w*)\b|\bz\. ?k\b|\btil (?:din |jeres |deres )?(?:orientering|info)\b|\bpour (?:votre |ton )?info(?:rmation)?\b"

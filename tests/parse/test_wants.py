"""Sentences that await an answer, and sentences that only look like it, in four languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import waiting_set

from trail.model import Address, Envelope, ParsedMessage
from trail.parse import wants
from trail.parse.needs import judge
from trail.parse.sentences import split_sentences

SENT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
ASKED = {
    "en": """\
Please wait with the printing until Raj has signed.
Please wait, and tell me what Raj says.
I have to ask you to wait for my OK before you print.
Could you wait until March?
Can we meet next week?
Please see my comments below and revert to me.
Would you mind sending the file again?
Could I get a copy of the contract?
I would be grateful for your views on clause 7.
Your thoughts would be welcome.
I need an invoice for this from you.
We require the originals from you before the end of the month.
Do let me know how you get on.
When would suit you?
Is this OK for you?
Can this be done by Monday?
Kindly revert.
Pls confirm receipt.
It would be good to get your take on this.
Are you happy for me to proceed?
What's your availability in April?
Send over the files when they are ready.
I'd like to know whether the price includes VAT.
May I ask you to sign the last page?
Not sure if you saw my email below.
Just bumping this up in your inbox.
Any chance of a discount?
Do you mind if I call you tomorrow?
We have not received your payment yet.
Our invoice of 3 February is still unpaid.
Payment is now two weeks overdue.
I would welcome your feedback on the second page.
Tell me when you want to talk about it.
Let me know if Tuesday works for you.
Let me know whether you can make it.
Get back to me on this, please.
Please can you resend it.
I await your instructions.
We look forward to your reply.
I haven't heard back from you about the estimate.
Can I have your bank details so that I can pay you?
I have a question about the invoice: why is there VAT on it?
We still don't have your logo.
We are missing your signature on page 4.
Please let us have your comments.
Just checking whether you got my message.
I'm writing to ask if you could quote for a brochure.
Should I go ahead or wait?
I would be very happy to receive your offer by the end of the week.
If you could send me the logo, I can finish the flyer.
We kindly request the return of the signed copy.
Please could you copy Anna in from now on.
Keep me posted on the delivery.
Would appreciate a call back.
Need your decision on the paper.
Awaiting your approval.
The printer needs your OK.
I'd be grateful to hear when the money will arrive.
Hope to hear from you soon.
Hoping for a quick answer.
Over to you for the next step.
It's your turn to comment.
Can you two sort out a date.
I have two questions about the contract.
Just a quick reminder about the photos.
You still owe me the second half of the text.
Did you get a chance to look at it?
Any thoughts on the below would be appreciated.
Ping me when you're done.
We are keen to know what you decided.
Perhaps you could suggest a date.
Maybe you can tell us how it works.
Do you want me to add the second logo?
Your signature is required on page 2.
Return the form by Friday, please.
Please complete the attached form.
To proceed, we need a copy of your passport.""",
    "da": """\
Jeg må bede dig vente med at trykke.
Kan du vente til marts?
Kan vi mødes i næste uge?
Har du mulighed for at kigge på det i dag?
Må jeg bede om en kopi af kontrakten?
Jeg vil gerne have en pris på 500 stk.
Vi skal bruge et tilbud fra dig.
Hvornår passer det dig?
Er det ok med dig?
Vil du ikke lige ringe til mig?
Giv lyd, når du har set det.
Skriv til mig, hvornår det passer.
Jeg savner stadig svar på min mail.
Har du set min mail fra i mandags?
Vi har ikke modtaget din betaling.
Fakturaen er stadig ikke betalt.
Jeg ser frem til at høre fra dig.
Lad mig høre, hvad du synes.
Lad mig vide, om tirsdag passer.
Kom gerne med dine rettelser.
Send mig lige filen igen.
Vær venlig at underskrive side 3.
Du bedes returnere kontrakten i underskrevet stand.
Jeg mangler dit cpr-nummer.
Hvad tænker du?
Kunne du sende mig en kopi?
Gider du sende den en gang til.
Vi imødeser dit svar.
Vil det være muligt at få en rabat?
Skal jeg gå i gang, eller skal jeg vente?
Jeg vil høre, om du har tid i april.
Ville bare høre, om du har fået min mail.
Det haster med et svar.
Vi afventer jeres godkendelse.
Vil du være sød at ringe til mig.
Jeg håber, du kan svare inden fredag.
Kan I ikke lige sende den igen.
Må jeg få dine kommentarer.
Husk at sende mig fakturaen.
Jeg har brug for dit svar i dag.
Vi har brug for en afklaring fra jer.
Er du ikke sød at sende mig filen.
Skriv lige, om det er i orden.
Ring når du har tid.
Lad os høre fra jer.
Du skylder mig stadig et svar.
Jeg håber at høre fra dig snart.
Trykkeriet venter på din godkendelse.
Jeg har to spørgsmål til kontrakten.
Vil gerne høre din mening.
Det kunne være rart at vide, hvornår den kommer.
Returner venligst blanketten.
Oplys venligst dit kontonummer.
Vi har endnu ikke hørt fra dig.
Kan du og Peter finde en dato.
På forhånd tak for hjælpen med filerne.
Beløbet bedes indbetalt inden 8 dage.""",
    "de": """\
Ich muss Sie bitten, mit dem Druck zu warten.
Ich bitte Sie um Geduld und um die Unterlagen.
Können wir uns nächste Woche treffen?
Haben Sie nächste Woche Zeit?
Könnte ich eine Kopie des Vertrags bekommen?
Ich hätte gern ein Angebot über 500 Stück.
Wir hätten gerne noch eine zweite Farbe gesehen.
Wann passt es Ihnen?
Ist das für Sie in Ordnung?
Melde dich bitte, wenn du es gesehen hast.
Meld dich mal, wenn du Zeit hast.
Schreiben Sie mir, wann es Ihnen passt.
Ich habe noch keine Antwort auf meine Mail.
Haben Sie meine Mail von Montag erhalten?
Ihre Zahlung ist bei uns noch nicht eingegangen.
Die Rechnung ist noch offen.
Ich freue mich auf Ihre Antwort.
Über eine baldige Antwort würde ich mich freuen.
Wir bitten um Zusendung der unterschriebenen Verträge.
Um Rückmeldung bis Montag wird gebeten.
Bitte um Freigabe.
Bitte prüfen.
Bitte senden Sie mir Ihre IBAN.
Mir fehlt noch deine Steuernummer.
Was meinst du dazu?
Was halten Sie davon?
Sag mir bitte Bescheid.
Lassen Sie mich wissen, wie Sie sich entschieden haben.
Wäre es möglich, den Termin zu verschieben?
Soll ich loslegen oder warten?
Ich wollte fragen, ob du im April Zeit hast.
Ich wollte mal nachhören, wie weit ihr seid.
Darf ich Sie um einen Rückruf bitten?
Wir erwarten Ihre Stellungnahme.
Ihre Rückmeldung steht noch aus.
Würden Sie mir das kurz bestätigen?
Teilen Sie uns mit, wie viele Exemplare Sie brauchen.
Ich bräuchte mal deine Hilfe.
Kannst du das bis morgen machen?
Ich warte noch auf die Bilder.
Gib Bescheid, ob es klappt.
Bitte geben Sie mir Bescheid, sobald Sie mehr wissen.
Ihre Meinung dazu würde mich interessieren.
Mich würde interessieren, was das kostet.
Ich bitte um Verständnis und um eine kurze Antwort.
Wir brauchen von Ihnen noch die Vollmacht.
Für den Abschluss fehlen uns noch zwei Belege.
Könnt ihr das bitte nochmal prüfen.
Ich hoffe auf eine schnelle Antwort.
Sobald Ihre Freigabe vorliegt, drucken wir.
Wir warten auf Ihre Freigabe.
Schaust du dir das bitte an?
Ich würde gerne wissen, wann wir mit dem Entwurf rechnen können.
Vielleicht können Sie mir kurz sagen, wie das geht.
Vielleicht magst du mal drüberschauen.
Ruf mich an, wenn du Zeit hast.
Sei so gut und schick mir die Datei.
Es eilt, bitte melden!
Offen ist noch die Frage, wer die Kosten trägt.
Wir ersuchen Sie um Übermittlung der Unterlagen.
Ich erinnere an meine Mail vom 3. März.
Bis wann brauchen Sie die Daten?
Denken Sie bitte an die Unterschrift.
Nennen Sie mir bitte zwei Termine.
Das Formular bitte ausgefüllt zurück.
Um Überweisung auf das unten genannte Konto wird gebeten.""",
    "fr": """\
Pouvez-vous patienter ?
Peut-on se voir la semaine prochaine ?
Avez-vous un moment demain ?
Est-il possible d'avoir une copie du contrat ?
Je souhaiterais recevoir un devis pour 500 exemplaires.
Quand êtes-vous disponible ?
Est-ce que cela vous convient ?
Dites-moi quand cela vous arrange.
Dis-moi ce que tu en penses.
Je n'ai pas eu de réponse à mon message.
Avez-vous bien reçu mon courriel de lundi ?
Nous n'avons pas encore reçu votre règlement.
Votre facture reste impayée.
J'attends votre réponse.
Dans l'attente de vous lire.
Dans l'attente de votre réponse.
Merci de me rappeler.
Merci de nous faire parvenir les originaux.
Veuillez nous retourner le document signé.
Il me manque votre numéro de TVA.
Qu'en pensez-vous ?
Qu'en dis-tu ?
Pourrais-tu me l'envoyer à nouveau ?
Tiens-moi au courant de ta décision.
Faites-moi savoir si mardi vous convient.
Serait-il possible de décaler le rendez-vous ?
Je voulais savoir si vous étiez libre en avril.
Je me permets de vous relancer au sujet du devis.
Puis-je vous appeler demain ?
Nous vous prions de bien vouloir confirmer.
Nous avons besoin de votre accord.
Peux-tu valider ?
Vous serait-il possible de passer jeudi ?
J'ai besoin d'une réponse avant demain.
On attend ton feu vert.
Je compte sur votre réponse rapide.
Merci de votre réponse avant vendredi.
Merci de bien vouloir patienter et nous confirmer l'adresse.
J'espère une réponse de votre part.
Nous restons dans l'attente de votre accord.
Votre accord est nécessaire avant impression.
Pensez à m'envoyer la facture.
N'oubliez pas de signer la page 3.
Tenez-moi informé de la suite.
Peux-tu me dire ce que tu en penses.
J'ai deux questions sur le contrat.
Il faudrait que vous me confirmiez la date.
Il faut que tu m'envoies le logo.
Rappelez-moi dès que possible.
Je vous saurais gré de me répondre.
Auriez-vous l'amabilité de me rappeler.
Nous vous remercions de nous retourner l'exemplaire signé.
Je vous relance au sujet du devis.
Sauf erreur, votre règlement ne nous est pas parvenu.
Un petit retour serait apprécié.
Envoie le fichier quand tu peux.
Vous pouvez me rappeler au 06 00 00 00 00.
Prière de confirmer votre venue.
À vous lire.
Donne-moi ton avis.""",
}
NOT_ASKED = {
    "en": """\
I have to ask you to wait, though.
We have to ask you to be patient until March.
I must ask for your patience.
Please wait.
Please see attached.
Please find the report attached.
Will do.
Noted, thanks.
We are looking forward to working with you.
You can find the file in the shared folder.
As you asked for the file, here it is.
You asked whether we ship to Norway, and we do.
I would like to thank you for the good work.
I will let you know if I need anything.
Let me know if I can help with anything.
Just shout if you need more.
Thank you for letting me know.
I have everything I need from you now.
You do not need to send me anything.
I'm glad you like it.
It could have been worse.
Happy to help with that any time.
The meeting is on Thursday at ten.
We would love to see you at the party.
We have received your payment, thank you.
I am waiting for the printer, who is late as usual.
Your order has been shipped.
I'll be in touch when I know more.
We can do that for you.
No worries, take your time.
Should you have any queries, please contact our office.
If you would like to discuss this, please call me.
Please do not hesitate to get in touch.
Hope this helps!
I asked her whether she could send you the file.
He wants to know who made it, and I told him.
That is what we agreed.
Well done!
Your payment is on its way.
We'll need your help next year again, I am sure.
It was nice to hear from you.
I appreciate your patience.
I really like your new website.
I have to ask my boss first.
The client asked for a quote, so I sent one.
Thanks for your feedback, we will take it into account.
Don't worry about the invoice.
Please accept our apologies for the delay.
Here are the answers to your questions.
You'll receive the contract from us tomorrow.
I will need a day or two for this.
We have what we need.
Your feedback was very helpful.
You are welcome to use the photos.
We would like to inform you that our office is moving.
I just wanted to say thank you.
Just so you know, the files are online.
In case you need it, here is the link.
I hope you like it.""",
    "da": """\
Jeg må bede dig vente lidt endnu.
Vi beder om jeres tålmodighed.
Hav venligst lidt tålmodighed.
Se venligst vedhæftede.
Det er modtaget, tak.
Vi ser frem til samarbejdet.
Du kan finde filen i mappen.
Du skal ikke gøre noget.
Jeg vender tilbage i morgen.
Sig til, hvis du mangler noget.
Du er altid velkommen til at ringe.
Tak for din mail.
Mødet er på torsdag kl. 10.
Vi har modtaget din betaling.
Jeg venter på trykkeriet.
Hvis du har spørgsmål, så ring endelig.
Det gør vi.
Så kan du se det hele på nettet.
Jeg vil gerne sige tak for hjælpen.
God weekend!
Held og lykke med det.
Jeg ringer til dig i morgen.
Vi har alt, hvad vi skal bruge.
Tak for din tilbagemelding.
Vi vil gerne oplyse, at vi flytter.
Jeg ville bare sige tak.
Undskyld det sene svar.
Du får kontrakten i morgen.
Jeg skal lige spørge min chef.
Håber du kan lide det.
Vi glæder os til mødet.
Bare til info, filerne ligger på nettet.
Det kan vi sagtens.""",
    "de": """\
Ich muss Sie bitten, noch etwas zu warten.
Leider muss ich Sie noch um etwas Geduld bitten.
Ich muss dich aber bitten, bis März zu warten.
Anbei die Unterlagen.
Vielen Dank für die Rückmeldung.
Wir freuen uns auf die Zusammenarbeit.
Sie finden die Datei im Ordner.
Danach können Sie sich anmelden.
Sie müssen nichts weiter tun.
Ich melde mich morgen wieder.
Bei Fragen stehe ich gern zur Verfügung.
Melden Sie sich gern, wenn Sie noch etwas brauchen.
Ihre Zahlung ist eingegangen.
Der Termin ist am Donnerstag um zehn.
Ich warte auf die Druckerei.
Sollten Sie Fragen haben, rufen Sie mich bitte an.
Falls Sie noch etwas brauchen, sagen Sie bitte Bescheid.
Das machen wir so.
Bitte sehr!
Bitte, gern geschehen.
Schönes Wochenende!
Wie gewünscht sende ich Ihnen die Datei.
Danke, dass Sie sich so schnell gekümmert haben.
Ich habe ihn gefragt, ob er kommt.
Wie besprochen, hier der Vertrag.
Ich werde Sie morgen anrufen.
Wir haben alles, was wir brauchen.
Ihre Rückmeldung war sehr hilfreich.
Danke für die Info.
Wir möchten Sie darüber informieren, dass wir umziehen.
Ich wollte mich nur bedanken.
Der Kunde hat um ein Angebot gebeten, ich habe es geschickt.
Wir bitten um Ihr Verständnis.
Bitte entschuldigen Sie die Verspätung.
Sie erhalten den Vertrag morgen.
Ich muss erst meine Chefin fragen.
Die Antworten auf Ihre Fragen finden Sie unten.
Ich hoffe, es gefällt Ihnen.
Ich freue mich auf unser Treffen.
Wir brauchen noch zwei Tage dafür.
Nur zur Info: die Dateien sind online.
Wir warten auf das Papier.
Das können wir gerne machen.""",
    "fr": """\
Merci de bien vouloir patienter.
Veuillez patienter quelques jours.
Je vous demande un peu de patience.
Vous trouverez le rapport en pièce jointe.
Merci pour votre retour.
Merci de votre confiance.
C'est noté, merci.
Nous nous réjouissons de travailler avec vous.
Vous pouvez trouver le fichier dans le dossier.
Je vous recontacte demain.
Vous n'avez rien à faire.
Je reste à votre disposition.
N'hésitez pas à m'appeler.
Si vous avez des questions, appelez-moi.
Votre paiement a bien été reçu.
La réunion est jeudi à dix heures.
J'attends l'imprimeur.
Veuillez trouver ci-joint le contrat.
Je vous prie d'agréer mes salutations distinguées.
Bon week-end !
Comme demandé, voici le fichier.
Je lui ai demandé s'il venait.
Merci d'être venu.
Au plaisir de vous revoir.
Je vous appelle demain.
Nous avons tout ce qu'il nous faut.
Merci pour l'information.
Nous tenons à vous informer que nous déménageons.
Je voulais juste vous remercier.
Veuillez excuser ce retard.
Vous recevrez le contrat demain.
Je dois d'abord demander à ma chef.
J'espère que cela vous plaira.
Nous sommes ravis de vous retrouver jeudi.
Pour information, les fichiers sont en ligne.
C'est tout à fait possible.
Nous attendons le papier.
Merci de votre compréhension.""",
}


def judge_sentence(sentence, language):
    envelope = Envelope(addresses=(Address("from", "", "jane@acme.example"),), sent_at=SENT)
    return judge(ParsedMessage("0" * 64, envelope, sentence, language=language), SENT)


def pairs(table):
    return [(language, line) for language, lines in table.items() for line in lines.splitlines()]


@pytest.mark.parametrize(("language", "sentence"), pairs(ASKED))
def test_who_says_so_awaits_an_answer(language, sentence):
    found = judge_sentence(sentence, language)
    assert found.awaits
    assert found.sentence in sentence


@pytest.mark.parametrize(("language", "sentence"), pairs(NOT_ASKED))
def test_who_says_so_awaits_none(language, sentence):
    assert judge_sentence(sentence, language).sentence == ""


def test_no_small_word_hides_what_its_turn_of_speech_finds():
    texts = [line for table in (ASKED, NOT_ASKED) for _, line in pairs(table)]
    for part in waiting_set.PARTS:
        for language in waiting_set.LANGUAGES:
            text = (waiting_set.FOLDER / part / f"{language}.txt").read_text(encoding="utf-8")
            texts += split_sentences(text)
    tried = 0
    for sentence in map(wants.fold, texts):
        said = set(re.findall(r"\w+", sentence))
        for table in wants.WANTS.values():
            for words, pattern in table:
                if re.search(pattern, sentence):
                    assert said & set(words.split()), (sentence, pattern)
                    tried += 1
    assert tried > 100

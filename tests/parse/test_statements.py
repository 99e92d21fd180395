"""What authors ask, promise, agree and bill, in the sentences they use for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trail.model import Envelope, ParsedMessage
from trail.parse.automatic import explain_automatic
from trail.parse.bills import read_bill
from trail.parse.days import find_days
from trail.parse.headers import read_fields
from trail.parse.jobs import find_job
from trail.parse.sentences import split_sentences
from trail.parse.statements import LANGUAGES, STATEMENT_LIMIT, add_statements, find_statements

SENT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)  # a Tuesday


def kinds(text, language="en", subject=""):
    return [s.kind for s in find_statements(text, language, SENT, subject)]


def due(text, language="en", sent_at=SENT):
    return [s.due.isoformat() for s in find_statements(text, language, sent_at) if s.due]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Could you send the quotation again?"),
        ("en", "When will the labels be printed?"),
        ("en", "Hi Jane, is the invoice paid?"),
        ("en", "The price is fine, but can we move the date?"),
        ("da", "Har du tid til nye etiketter?"),
        ("da", "Hvornår kan vi få trykfilerne?"),
        ("de", "Können Sie uns das Angebot schicken?"),
        ("de", "Wann ist der Vertrag fertig?"),
        ("fr", "Pouvez-vous nous envoyer le devis ?"),
        ("fr", "Quand est-ce que le contrat sera prêt ?"),
        ("es", "¿Puede enviarme la factura de marzo?"),
        ("", "Could you have a look at it?"),
    ],
)
def test_questions_are_known_in_the_languages_people_ask_in(language, sentence):
    assert "question" in kinds(sentence, language)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Please send the contract to me."),
        ("en", "The rest is fine, so please sign page 3."),
        ("en", "Let me know whether Thursday suits you."),
        ("en", "We still need your VAT number."),
        ("da", "Vil du sende filerne igen."),
        ("da", "Giv mig besked, når trykkeriet svarer."),
        ("da", "Alkoholprocent og datoer mangler jeg fra jer."),
        ("de", "Bitte senden Sie uns die Unterlagen."),
        ("de", "Ich bitte Sie um eine kurze Bestätigung."),
        ("fr", "Merci de nous envoyer le contrat signé."),
        ("fr", "Veuillez confirmer la date."),
    ],
)
def test_requests_are_known_without_a_question_mark(language, sentence):
    assert "request" in kinds(sentence, language)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "I will send the files tomorrow."),
        ("en", "Thanks, and we'll get back to you."),
        ("da", "Jeg sender tilbuddet i morgen."),
        ("da", "Vi vender tilbage med en pris."),
        ("de", "Ich schicke Ihnen das Angebot morgen."),
        ("de", "Wir werden die Zahlen bis Freitag prüfen."),
        ("fr", "Je vous envoie le devis demain."),
        ("fr", "Nous reviendrons vers vous lundi."),
    ],
)
def test_promises_are_what_the_author_will_do(language, sentence):
    assert "promise" in kinds(sentence, language)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "We accept your quotation."),
        ("en", "The contract was signed yesterday."),
        ("en", "Two months' notice, as in our contract, ends it."),
        ("da", "Ja tak til tilbuddet!"),
        ("da", "Vi er enige om prisen."),
        ("de", "Wir sind einverstanden."),
        ("de", "Anbei der unterschriebene Vertrag zurück."),
        ("fr", "Nous acceptons votre devis."),
    ],
)
def test_agreements_are_said_without_ifs(language, sentence):
    assert "agreement" in kinds(sentence, language)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "How are you doing?"),
        ("en", "It is a fine day, isn't it?"),
        ("en", "Another headline for the masses?"),
        ("en", "Please find attached the proofs."),
        ("en", "Please do not hesitate to call."),
        ("en", "Please note that we are closed."),
        ("en", "If you have questions, please call me."),
        ("en", 'They wrote: "please send us the money".'),
        ("en", "I agree with Bob that it rains."),
        ("en", "We do not accept your offer."),
        ("en", "If it fits, we accept your offer."),
        ("en", "The meeting on 3 March went well."),
        ("en", "I met them on Friday."),
        ("en", "if (x == 1) { return please; }"),
        ("en", "The invoice comes later."),
        ("en", "You will hear from me if it will not work."),
        ("da", "Hvordan går det?"),
        ("da", "Hvis du har spørgsmål, så ring venligst til mig."),
        ("da", "Vi accepterer ikke tilbuddet."),
        ("de", "Bitte beachten Sie die Öffnungszeiten."),
        ("de", "Wir sind nicht einverstanden."),
        ("de", "Wie geht es Ihnen?"),
        ("fr", "Veuillez agréer mes salutations."),
        ("fr", "Nous ne sommes pas d'accord avec le devis."),
    ],
)
def test_what_only_looks_like_a_statement_is_none(language, sentence):
    assert kinds(sentence, language) == []


@pytest.mark.parametrize(
    ("language", "sentence", "day"),
    [
        ("en", "We need it by 12 March.", "2026-03-12"),
        ("en", "We need it by March 12th, 2027.", "2027-03-12"),
        ("en", "Send it no later than Friday.", "2026-03-13"),
        ("en", "Payable within 30 days of delivery.", "2026-04-09"),
        ("en", "It is due on 2026-04-01, sharp.", "2026-04-01"),
        ("en", "The deadline is the end of April.", "2026-04-30"),
        ("en", "The hearing is set for 5 May 2026.", "2026-05-05"),
        ("en", "By tomorrow I want it done.", "2026-03-11"),
        ("en", "We have until 13/4/2026 to answer.", "2026-04-13"),
        ("da", "Trykfiler senest den 28. oktober.", "2026-10-28"),
        ("da", "Jeg skal bruge det senest fredag.", "2026-03-13"),
        ("da", "Svar inden 3/4, tak.", "2026-04-03"),
        ("da", "Fristen er den 3. april 2026.", "2026-04-03"),
        ("de", "Wir brauchen es bis zum 3.4. im Haus.", "2026-04-03"),
        ("de", "Spätestens am Freitag, den 13. März, ist Abgabe.", "2026-03-13"),
        ("de", "Die Zahlung ist fällig am 1.5.2026.", "2026-05-01"),
        ("de", "Der Termin ist am 7. Mai vor Gericht.", "2026-05-07"),
        ("fr", "Nous en avons besoin avant le 3 avril.", "2026-04-03"),
        ("fr", "D'ici vendredi, au plus tard.", "2026-03-13"),
        ("fr", "L'audience est fixée au 5 mai 2026.", "2026-05-05"),
    ],
)
def test_a_deadline_is_reckoned_from_the_day_it_was_written(language, sentence, day):
    assert set(due(sentence, language)) == {day}


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "We need it by 3/4/2026."),  # the third of April, or the fourth of March?
        ("en", "We need it by next Friday."),  # this week's or next week's?
        ("en", "It was ready by 5 March 2024."),
        ("en", "It was ready by 5 January."),
        ("en", "It has to be there by 31 February."),
        ("en", "The flight leaves on 12 March."),
        ("en", "By the way, 12 March was nice."),
        ("de", "Bis morgens um drei wurde gefeiert."),
        ("da", "Vi mødtes den 12. marts."),
    ],
)
def test_a_day_that_may_be_another_or_is_past_is_no_deadline(language, sentence):
    assert due(sentence, language) == []


def test_a_weekday_named_on_that_weekday_is_a_week_ahead():
    friday = datetime(2026, 3, 13, 9, tzinfo=UTC)
    assert due("We need it by Friday.", "en", friday) == ["2026-03-20"]


def test_a_date_without_a_year_may_lie_in_the_next():
    late = datetime(2026, 12, 20, 9, tzinfo=UTC)
    assert set(due("We need it by 12 January.", "en", late)) == {"2027-01-12"}


@pytest.mark.parametrize(
    ("sentence", "detail"),
    [
        ("Invoice INV-2026/0502: tonic", "INV-2026/0502"),
        ("Attached is invoice no. 4711 over EUR 3,100.00.", "4711, EUR 3,100.00"),
        ("The invoice is for 1.200,50 kr. this time.", "1.200,50 kr."),
        ("The invoice of 12th March is paid.", ""),
        ("The invoice 2024 is not there.", ""),
        ("The invoice comes.", ""),
    ],
)
def test_a_bill_is_known_by_its_number_or_its_amount(sentence, detail):
    at = sentence.lower().index("invoice") + len("invoice")
    assert read_bill(sentence, at) == detail


def test_invoices_are_known_in_four_languages_and_in_subjects():
    assert kinds("Vedhæftet er faktura 2024/0371 for etiketterne.", "da") == ["invoice"]
    assert kinds("Anbei unsere Rechnung Nr. RE-2026-17 wie besprochen.", "de") == ["invoice"]
    assert kinds("Voici la facture n° 2026-04 du mois.", "fr") == ["invoice"]
    (invoice,) = find_statements("Hello there.", "en", SENT, "Re: Invoice INV-1/22: labels")
    assert (invoice.kind, invoice.detail, invoice.sentence) == (
        "invoice",
        "INV-1/22",
        "Invoice INV-1/22: labels",
    )


def test_sentences_are_put_together_from_the_lines_a_program_broke():
    text = (
        "Dear Jane,\n\nthe labels are ready, and they look very much as we had hoped. Could\n"
        "you come on Dr. Smith's 3. visit, e.g. in May? Yes, No. 7 it is.\n\n- one thing\n- another thing\n\n"
        "Best regards\nMira Holm\nPlease print responsibly"
    )
    assert list(split_sentences(text)) == [
        "Dear Jane,",
        "the labels are ready, and they look very much as we had hoped.",
        "Could you come on Dr. Smith's 3. visit, e.g. in May?",
        "Yes, No. 7 it is.",
        "one thing",
        "another thing",
    ]


def test_a_notice_of_confidentiality_asks_nothing():
    notice = "This e-mail is confidential. If you are not the intended recipient, please delete it."
    assert kinds(f"Could you call me?\n\n{notice}") == ["question"]


def test_what_follows_the_signature_mark_is_not_read():
    assert kinds("All is well here.\n\n-- \nPlease send us your orders") == []


@given(st.text(max_size=400), st.sampled_from([*LANGUAGES, "", "no", "ja"]))
@example("(" * 200 + "?", "en")
@example("\u2028?\ud800 by 31 April", "en")
def test_no_text_is_too_odd(text, language):
    for statement in find_statements(text, language, SENT, text[:80]):
        assert "\n" not in statement.sentence
        assert len(statement.sentence) <= 300


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(0, 250))
def test_a_date_is_read_back_in_every_language(sent_on, days):
    day = sent_on + timedelta(days=days)
    months = {
        "en": "January February March April May June July August September October November December",
        "da": "januar februar marts april maj juni juli august september oktober november december",
        "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    }
    for language, names in months.items():
        dot = "." if language in ("da", "de") else ""
        written = f"{day.day}{dot} {names.split()[day.month - 1]}"
        for sentence in (written, f"{written} {day.year}", day.isoformat()):
            (named,) = find_days(f"am {sentence}, so", language, sent_on)
            assert named.day == day


def test_a_message_says_no_more_than_so_much():
    text = "\n".join(f"Could you send number {n}?" for n in range(500))
    assert len(find_statements(text, "en", SENT)) == STATEMENT_LIMIT


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        (b"From: a@b.example\r\nSubject: Hello\r\n\r\n", ""),
        (b"Auto-Submitted: no\r\n\r\n", ""),
        (b"Auto-Submitted: auto-replied (vacation)\r\n\r\n", "automatic answer"),
        (b"Subject: Automatic reply: Hello\r\n\r\n", "automatic answer"),
        (b"Subject: Autosvar: Hej\r\n\r\n", "automatic answer"),
        (b"List-Id: <x.example>\r\n\r\n", "mailing list"),
        (b"List-Unsubscribe: <mailto:x@y.example>\r\n\r\n", "newsletter"),
        (b"Content-Type: multipart/report; report-type=x\r\n\r\n", "report on a delivery"),
        (b"Content-Type: text/calendar; method=REQUEST\r\n\r\n", "calendar"),
        (b"From: No-Reply <no-reply@shop.example>\r\n\r\n", "sent by a program"),
    ],
)
def test_mail_that_nobody_waits_for_an_answer_to_is_known(headers, why):
    fields, _ = read_fields(headers)
    subject = next((f.value.decode().strip() for f in fields if f.name == "subject"), "")
    assert explain_automatic(fields, subject) == why


def test_a_newsletter_is_known_by_how_to_leave_it_but_an_answer_is_not():
    fields, _ = read_fields(b"From: a@b.example\r\n\r\n")
    assert explain_automatic(fields, "", "Buy! To unsubscribe, click here") == "newsletter"
    fields, _ = read_fields(b"From: a@b.example\r\nIn-Reply-To: <x@y>\r\n\r\n")
    assert explain_automatic(fields, "", "How do I unsubscribe from it?") == ""


@pytest.mark.parametrize(
    ("text", "job"),
    [
        ("Hi\n\nJane Miller\nBrand Manager, Acme Ltd", "Brand Manager, Acme Ltd"),
        ("Hi\n\nJane Miller, Head of Brand\nAcme", "Head of Brand"),
        ("Hi\n\nMads\nBrygmester", ""),
        ("Jane Miller\nThe manager called me.", ""),
        ("Jane Miller\n+45 12 34 56 78", ""),
        ("", ""),
    ],
)
def test_a_job_is_what_stands_by_the_name_where_people_sign(text, job):
    assert find_job(text, "Jane Miller") == job


def test_an_automatic_message_states_nothing():
    parsed = ParsedMessage("0" * 64, Envelope(), "Could you send it?", language="en")
    assert add_statements(parsed, SENT).statements
    assert not add_statements(replace(parsed, automatic="newsletter"), SENT).statements

"""The language of a message: told by its script and its commonest words, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trail.parse.language import LANGUAGES, detect_language


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("da", "Kære Anna, tak for din mail. Jeg sender fakturaen i morgen, så kan vi tales ved på lørdag."),
        ("no", "Hei Anna, takk for e-posten. Jeg sender fakturaen i morgen. Hva synes du, og når kommer dere?"),
        ("sv", "Hej Anna, tack för ditt mejl. Jag skickar fakturan i morgon, så kan vi höras på lördag."),
        ("de", "Sehr geehrte Frau Müller, anbei die Rechnung. Bitte überweisen Sie den Betrag bis Freitag."),
        ("nl", "Dank je wel, ik stuur de factuur morgen naar je toe. Met vriendelijke groet, Jan"),
        ("en", "Dear Anna, thanks for your mail. I'll send the invoice tomorrow, and we can talk on Saturday."),
        ("fr", "Bonjour, je vous envoie la facture ci-jointe. Merci de votre confiance, et à bientôt."),
        ("es", "Hola, te envío la factura adjunta. Gracias por todo, un saludo para los que están ahí."),
        ("it", "Grazie per la tua mail, ti mando la fattura domani. Non so se posso venire, anche perché piove."),
        ("pt", "Olá, envio em anexo a fatura. Obrigado pela sua mensagem, e não se esqueça de mim."),
        ("pl", "Dziękuję, proszę o fakturę na adres firmy, to jest bardzo ważne dla nas."),
        ("fi", "Kiitos viestistä, lähetän laskun huomenna. Se on tärkeä, mutta ei kiireellinen, kun olen lomalla."),
        ("ja", "お世話になっております。見積書をお送りいたします。ご確認ください。"),
        ("ja", "請求書の件、了解です。株式会社東京設計事務所"),
        ("zh", "您好,附件是报价单,请查收。如有问题请联系我们。"),
        ("ko", "안녕하세요. 견적서를 보내드립니다. 확인 부탁드립니다."),
        ("ru", "Здравствуйте, во вложении счёт за март. Пожалуйста, оплатите до пятницы."),
        ("uk", "Доброго дня, надсилаю рахунок за березень. Будь ласка, підтвердіть її отримання та оплату."),
        ("el", "Καλημέρα σας, σας στέλνω το τιμολόγιο."),
        ("", "OK"),
        ("", ""),
        ("", "4711 0815 https://acme.example/the/and/of/a"),
        ("", "Prisen er 500 kr."),
    ],
)  # fmt: skip
def test_a_language_is_told_by_its_words_and_script(language, text):
    assert detect_language(text) == language


def test_english_names_and_links_in_a_german_mail_do_not_make_it_english():
    text = (
        "Hallo Jane, die neuen Muster sind da, siehe https://www.acme.example/the-new-design und "
        "the_final_version_of_it.pdf. Wenn du noch etwas brauchst, sag mir bitte bis morgen Bescheid."
    )
    assert detect_language(text) == "de"


@given(st.text())
def test_any_text_has_one_language_or_none(text):
    language = detect_language(text)
    assert language == "" or language in LANGUAGES
    assert detect_language(text) == language

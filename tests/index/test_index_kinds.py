from __future__ import annotations

import pytest

from trail.index.kinds import list_kinds
from trail.model import Attachment


@pytest.mark.parametrize(
    ("name", "mime", "kinds"),
    [
        ("Offer.PDF", "application/octet-stream", {"pdf"}),
        ("", "application/pdf", {"pdf"}),
        ("a.xlsx", "application/x-unknown", {"xlsx", "spreadsheet", "excel"}),
        ("", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", {"word", "document", "docx"}),
        ("a.jpg", "image/jpeg", {"jpg", "jpeg", "image"}),
        ("photo", "IMAGE/PNG", {"png", "image", "image/png"}),
        ("a.ics", "text/calendar", {"ics", "calendar", "text/calendar"}),
        ("a.tar.gz ", "application/gzip", {"gz", "archive"}),
        ("letter", "text/plain", {"text/plain"}),
    ],
)  # fmt: skip
def test_an_attachment_is_of_the_kinds_its_name_and_type_say(name, mime, kinds):
    assert list_kinds(Attachment(1, name, "1.bin", mime, "", 1)) >= kinds


@pytest.mark.parametrize("mime", ["", "pdf", "a/b/c", "application/", "\x00/\n", "x" * 200 + "/y"])
def test_a_type_that_is_none_says_nothing(mime):
    assert list_kinds(Attachment(1, "no extension.", "1.bin", mime, "", 1)) == set()

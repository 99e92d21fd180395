"""What is packed in gzip, bzip2, xz and tar: found, and bounded, whatever its headers claim."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile

import pytest
from documents_made import MADE, WORDS, make_pdf, make_tar, pack

from trail.parse import documents_budget
from trail.parse.documents import read_document

PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
FORMATS = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT, "ustar": tarfile.USTAR_FORMAT}


def read(name, content):
    return read_document(name, "application/octet-stream", content)


def make_block(
    name=b"a.txt", size=b"00000000005\0", kind=b"0", *, more=b"\0", magic=b"ustar\x0000"
):
    """The header of a file in a tar, with whatever is claimed in it."""
    block = bytearray(512)
    block[0 : len(name)] = name
    block[124 : 124 + len(size)] = size
    block[156:157] = kind
    block[257 : 257 + len(magic)] = magic
    block[482:483] = more
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def pad(content):
    return content + bytes(-len(content) % 512)


AFTER = make_block(b"nach.txt", b"00000000005\0") + pad(b"Wort.")


@pytest.mark.parametrize("packer", PACKERS)
def test_a_packed_file_is_read_as_what_it_is_and_called_so(packer):
    for name in ("a.csv", "a.pdf", "a.docx", "a.eml"):
        text, problem = read(f"{name}.{packer}", PACKERS[packer](MADE[name]))
        assert problem == ""
        assert WORDS in text
        assert text.startswith(f"{name}\n")


def test_the_report_of_a_mail_server_is_found_by_what_is_in_it():
    report = b"<feedback><org_name>google.com</org_name><domain>studio.example</domain></feedback>"
    name = "google.com!studio.example!1700000000!1700086399.xml"
    for suffix, content in ((".gz", gzip.compress(report)), (".zip", pack({name: report}))):
        text, problem = read(name + suffix, content)
        assert "<domain>studio.example<" in text
        assert problem == ""


def test_a_name_that_gzip_has_kept_tells_what_the_file_is():
    packed = io.BytesIO()
    with gzip.GzipFile("Bericht.csv", "wb", fileobj=packed) as file:
        file.write(b"Zwetschge;1")
    assert read("report", packed.getvalue()) == ("Bericht.csv\nZwetschge;1\n", "")


def test_streams_one_after_the_other_are_one_file():
    for pack_one in PACKERS.values():
        content = pack_one(b"Zwet") + pack_one(b"") + pack_one(b"schge") + bytes(1000)
        assert read("a.txt.gz", content) == ("a.txt\nZwetschge\n", "")


@pytest.mark.parametrize("packer", PACKERS)
def test_of_what_is_cut_short_the_beginning_is_found(packer):
    lines = b"\n".join(b"Zeile %d %s" % (n, random.Random(n).randbytes(30).hex().encode()) for n in range(50_000))  # fmt: skip
    packed = PACKERS[packer](lines)
    text, problem = read(f"a.csv.{packer}", packed[: len(packed) * 3 // 4])
    assert "Zeile 1 " in text
    assert problem == "it is cut short"
    at = len(packed) // 2
    packed = packed[:at] + bytes(range(250)) * 12 + packed[at + 3000 :]
    text, problem = read(f"a.csv.{packer}", packed)
    assert "Zeile 1 " in text or packer == "xz"  # of which a block comes out whole
    assert problem in ("it is damaged", "it is cut short")


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("suffix", ["", "gz", "bz2", "xz"])
def test_every_file_of_a_tar_is_read(format_, suffix):
    long = f"Ordner/{'unter/' * 9}{'Ü' * 40}_Angebot.txt"
    members = {"a/a.pdf": MADE["a.pdf"], "bild.png": b"\x89PNG\r\n\x1a\n\0\0", long: b"Zwetschge", "leer.txt": b""}  # fmt: skip
    content = make_tar(members, FORMATS[format_])
    text, problem = read("a.tar", PACKERS[suffix](content) if suffix else content)
    assert problem == ""
    assert WORDS in text
    assert "Zwetschge" in text
    assert [line for line in text.split("\n") if line.endswith((".pdf", ".png", ".txt"))] == [
        "a.pdf", "bild.png", long.rpartition("/")[2], "leer.txt",
    ]  # fmt: skip


def test_a_file_in_a_tar_that_cannot_be_read_costs_no_other_one():
    text, problem = read("a.tgz", gzip.compress(make_tar({"a.pdf": b"%PDF-garbage", "b.txt": b"Worte"})))  # fmt: skip
    assert "Worte" in text
    assert problem == "a file in it: it is damaged"


def test_links_and_folders_are_passed_over_whatever_size_they_claim():
    for kind in b"123456":
        content = make_block(kind=bytes([kind]), size=b"77777777777\0") + AFTER
        assert read("a.tar", content) == ("nach.txt\nWort.\n", "")


@pytest.mark.parametrize(
    ("size", "problem"),
    [
        (b"\xff" + b"\xff" * 10 + b"\x80", "it is damaged"),  # negative
        (b"\x80" + b"\x7f" * 11, "it is cut short"),  # more than there is anywhere
        (b"77777777777\0", "it is cut short"),
        (b"-0000000005\0", "it is damaged"),
        (b"99999999999\0", "it is damaged"),
        (b"\0" * 12, ""),
        (b" " * 12, ""),
    ],
)
def test_sizes_that_cannot_be_are_not_believed(size, problem):
    content = AFTER if not problem else b"Wort." * 1000
    assert read("a.tar", make_block(size=size) + content)[1] == problem


def test_what_is_told_of_a_file_is_bounded_and_a_lie_about_it_costs_nothing():
    records = b"9 size=-5\n"
    content = make_block(size=b"%011o\0" % len(records), kind=b"x") + pad(records) + AFTER
    assert read("a.tar", content)[1] == "it is damaged"
    for records in (b"999999999 path=", b"0 path=x\n" * 9, b"5 path=" * 1000, b"1" * 5000, b"\xff" * 600):  # fmt: skip
        content = make_block(size=b"%011o\0" % len(records), kind=b"x") + pad(records) + AFTER
        text, problem = read("a.tar", content)
        assert "Wort." in text or problem or ".txt" not in text
    huge = b"x" * (8 << 20)
    for kind in b"xLgK":
        content = make_block(size=b"%011o\0" % len(huge), kind=bytes([kind])) + pad(huge) + AFTER
        text, problem = read("a.tar", content)
        assert len(text) < 70_000
        if kind != ord("L"):
            assert (text, problem) == ("nach.txt\nWort.\n", "")
    # a name that is told again and again
    content = (make_block(size=b"%011o\0" % 512, kind=b"L") + b"y" * 512) * 20_000 + AFTER
    assert len(read("a.tgz", gzip.compress(content))[0]) < 1000


def test_the_map_of_a_sparse_file_may_go_on_and_end_nowhere():
    goes_on, ends = bytes(504) + b"\1" + bytes(7), bytes(512)
    content = make_block(kind=b"S", more=b"\1", magic=b"ustar  \0") + goes_on * 3 + ends + pad(b"Wort!") + AFTER  # fmt: skip
    assert read("a.tar", content) == ("a.txt\nWort!\nnach.txt\nWort.\n", "")
    endless = make_block(kind=b"S", more=b"\1", magic=b"ustar  \0") + goes_on * 20_000
    assert read("a.tar", endless) == ("a.txt\n\n", "it is cut short")


def test_a_header_that_is_none_ends_the_reading_and_keeps_what_was_read():
    text, problem = read("a.tar", AFTER + b"x" * 1024)
    assert "Wort." in text
    assert problem == "it is damaged"


@pytest.mark.parametrize("packer", PACKERS)
def test_bombs_cost_themselves_only(packer, monkeypatch):
    monkeypatch.setattr(documents_budget, "UNPACKED", 16 << 20)
    bomb = PACKERS[packer](b" " * (32 << 20))
    for content in (
        bomb,
        PACKERS[packer](make_block(b"a.html", b"%011o\0" % (32 << 20)) + b" " * (32 << 20)),
    ):
        text, problem = read(f"a.html.{packer}", content)
        assert len(text) < 100
        assert problem in ("it unpacks to more than 400 times its size", "unpacked, it has more than 16 MiB")  # fmt: skip
    text, problem = read("a.zip", pack({f"a.html.{packer}": bomb, "b.txt": "Worte"}, 0))
    assert problem
    assert "Worte" in text or "16 MiB" in problem


def test_a_text_without_end_is_searched_as_far_as_a_plain_one(monkeypatch):
    monkeypatch.setattr(documents_budget, "CHARACTERS", 100_000)
    lines = "".join(f"Zeile {n} {random.Random(n).random()}\n" for n in range(400_000)).encode()
    text, problem = read("a.log.gz", gzip.compress(lines, 1))
    assert len(text) == 100_000
    assert problem == "only its first 100,000 characters are searched"


def test_what_is_packed_in_itself_ends_somewhere():
    content = b"unten"
    for _ in range(30):
        content = gzip.compress(content)
    text, problem = read("a.gz", content)
    assert "unten" not in text
    assert problem == "it is packed more than 5 times over"
    content = b"unten"
    for _ in range(30):
        content = make_tar({"a.tar": content})
    text, problem = read("a.tar", content)
    assert "unten" not in text
    assert problem.endswith("it is packed more than 5 times over")


def test_files_in_a_tar_are_counted(monkeypatch):
    monkeypatch.setattr(documents_budget, "MEMBERS", 10)
    text, problem = read("a.tar", make_tar({f"{n}.txt": f"wort{n}".encode() for n in range(50)}))
    assert "wort9" in text
    assert "wort10" not in text
    assert problem == "only the first 10 of the files in it are searched"


def test_a_text_about_pdfs_is_text_and_a_package_with_one_a_package():
    about = b"A PDF begins with %PDF-1.7, as everybody knows."
    for name in ("a.txt", "a.eml", "a.html"):
        text, problem = read(name, b"Subject: x\r\n\r\n" + about)
        assert "as everybody knows" in text
        assert problem == ""
    pdf = make_pdf("Zwetschge")
    for method in (0, 8):
        text, problem = read("a.zip", pack({"a.pdf": pdf, "b.txt": "Worte"}, method))
        assert "Zwetschge" in text
        assert "Worte" in text
    # what stands before a PDF is no matter
    for before in (b"", b"\r\n\r\n", b"\xef\xbb\xbf", b"\x1b%-12345X@PJL SET COPIES=1\r\n"):
        assert "Zwetschge" in read("a.pdf", before + pdf)[0]
        assert "Zwetschge" in read("", before + pdf)[0]

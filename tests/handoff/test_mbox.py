from __future__ import annotations

import io
import mailbox
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from trail.handoff.mbox import frame_file, frame_message, quote, read_mbox, unquote

AT = datetime(2024, 3, 5, 10, 11, 12, tzinfo=UTC)
CONTENT = st.binary(max_size=40) | st.lists(
    st.sampled_from([b"From ", b">From ", b">", b"\n", b"\r\n", b"\r", b"\0", b"Fro", b"m ", b"x"]),
    max_size=12,
).map(b"".join)


def frame(contents):
    return b"".join(
        piece
        for n, content in enumerate(contents)
        for piece in frame_message(content, f"id-{n}", AT)
    )


def read(data, block=1 << 16):
    messages = []
    for piece in read_mbox(io.BytesIO(data), block):
        if isinstance(piece, str):
            messages.append((piece, b""))
        else:
            messages[-1] = (messages[-1][0], messages[-1][1] + piece)
    return messages


@given(CONTENT)
def test_quoting_is_taken_back_exactly(content):
    assert unquote(quote(content)) == content


@given(st.lists(CONTENT, max_size=5), st.integers(1, 70))
@example([b"", b"\n", b"\n\n", b"x", b"From "], 1)
@example([b">" * 200 + b"From x", b">" * 200], 3)
def test_every_message_comes_out_as_it_went_in_whatever_the_block(contents, block):
    assert read(frame(contents), block) == [(f"id-{n}", c) for n, c in enumerate(contents)]


@given(CONTENT, st.integers(1, 70))
@example(b">" * 200 + b"From x", 3)
@example(b"x" * 200 + b">From x\n>>From y", 3)
@example(b"From " * 40, 1)
def test_a_message_in_a_file_is_framed_alike_whatever_the_block(content, block):
    framed = b"".join(frame_file(io.BytesIO(content), "id", AT, block))
    assert framed == b"".join(frame_message(content, "id", AT))


@given(st.lists(CONTENT, max_size=5))
def test_another_reader_counts_the_same_messages(tmp_path_factory, contents):
    path = tmp_path_factory.mktemp("mbox") / "x.mbox"
    path.write_bytes(frame(contents))
    box = mailbox.mbox(path, create=False)
    try:
        assert len(box) == len(contents)
    finally:
        box.close()


def test_the_from_line_names_the_message_and_the_date():
    from_line, content, end = frame_message(b"Subject: x\r\n\r\nFrom a\r\n", "id-1", AT)
    assert from_line == b"From id-1@mailbag.invalid Tue Mar  5 10:11:12 2024\n"
    assert content == b"Subject: x\r\n\r\n>From a\r\n"
    assert end == b"\n"


def test_a_cut_off_mbox_gives_a_message_that_differs():
    data = frame([b"one\n", b"two\n"])
    assert read(data[:-1])[1] == ("id-1", b"two")
    assert read(data[:-3])[1][1] != b"two\n"


def test_a_foreign_mbox_is_read_without_ids():
    assert read(b"From x@y Tue Mar  5 10:11:12 2024\nSubject: a\n\n") == [("", b"Subject: a\n")]

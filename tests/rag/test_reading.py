import json
from datetime import date

import pytest

from rag.document import Kind, Metadata
from rag.errors import UnreadableDocumentError
from rag.reading import Rejected, describe, list_files, read_files


def read(folder, *paths, **options):
    files = list_files([folder / path for path in paths] or [folder])
    return list(read_files(files, base=folder, defaults=Metadata(author="Ann"), **options))


def write(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def test_a_folder_is_read_in_order_without_what_tools_and_others_made(tmp_path):
    write(tmp_path, **{"b.md": "b", "a__c.py": "c", ".git__x": "x", "node_modules__y.md": "y", "a__.hidden": "z"})
    (tmp_path / "link").symlink_to("/etc")
    assert [(d.source, d.kind) for d in read(tmp_path)] == [("a/c.py", Kind.CODE), ("b.md", Kind.MARKDOWN)]


def test_a_file_is_known_by_its_path_from_the_base_or_by_its_whole_path(tmp_path):
    write(tmp_path, **{"in__a.md": "a", "out.md": "b"})
    files = list_files([tmp_path / "in", tmp_path / "out.md"])
    sources = [d.source for d in read_files(files, base=tmp_path / "in", defaults=Metadata())]
    assert sources == ["a.md", str(tmp_path / "out.md")]


def test_source_code_is_of_a_repository_and_text_is_an_article(tmp_path):
    write(tmp_path, **{"a.py": "x = 1", "b.md": "text"})
    assert [d.defaults.category for d in read(tmp_path)] == ["repository", "article"]


def test_records_bring_their_identity_and_metadata(tmp_path):
    record = {
        "id": 7,
        "text": "hello",
        "title": "T",
        "author": "Bob",
        "category": "Posts",
        "link": "http://x",
        "date": "2024-05-01",
    }
    write(tmp_path, **{"r.jsonl": json.dumps(record) + "\n\n" + json.dumps({"text": "only"})})
    first, second = read(tmp_path)
    assert (first.source, first.data) == ("7", b"hello")
    assert first.metadata == Metadata(title="T", author="Bob", category="post", link="http://x", date=date(2024, 5, 1))
    assert second.source.startswith("r.jsonl#")


def test_a_record_without_an_id_keeps_its_identity_when_a_line_is_inserted(tmp_path):
    write(tmp_path, **{"r.jsonl": '{"text": "one"}'})
    (before,) = read(tmp_path)
    write(tmp_path, **{"r.jsonl": '{"text": "zero"}\n{"text": "one"}'})
    assert before.source in [d.source for d in read(tmp_path)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "r.jsonl#1 is no JSON"),
        ("[1]", "r.jsonl#1 has no text"),
        ('{"text": 5}', "r.jsonl#1 has no text"),
        ('{"text": "x", "author": ["a"]}', "has a author that is no text"),
        ('{"text": "x", "date": "soon"}', "the date 'soon' cannot be read"),
        (b'{"text": "\xff"}', "r.jsonl#1 is no JSON"),
    ],
)
def test_a_bad_record_is_rejected_and_the_next_is_read(tmp_path, line, reason):
    data = line if isinstance(line, bytes) else line.encode()
    write(tmp_path, **{"r.jsonl": data + b'\n{"text": "good"}\n'})
    bad, good = read(tmp_path)
    assert isinstance(bad, Rejected)
    assert reason in str(bad.error)
    assert good.data == b"good"


def test_a_record_or_file_over_the_limit_is_rejected_by_its_size(tmp_path):
    write(tmp_path, **{"big.txt": "x" * 200, "r.jsonl": json.dumps({"text": "y" * 200}) + '\n{"text": "ok"}\n'})
    big, record, ok = read(tmp_path, max_document_bytes=100)
    assert "it has 200 bytes. At most 100 are taken." in str(big.error)
    assert "line 1 is too long" in str(record.error)
    assert ok.data == b"ok"


def test_a_file_that_may_not_be_read_is_rejected(tmp_path, monkeypatch):
    write(tmp_path, **{"a.md": "a", "b.md": "b"})

    def refuse(path):
        if path.name == "a.md":
            raise PermissionError(13, "Permission denied")
        return b"b"

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)  # root may read everything
    bad, good = read(tmp_path)
    assert "Permission denied" in str(bad.error)
    assert good.data == b"b"


def test_a_path_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(UnreadableDocumentError, match=r"'.*nowhere' does not exist"):
        list_files([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"%PDF-1.7", "x.txt", Kind.PDF),
        (b"<!DOCTYPE html><p>", "page", Kind.HTML),
        (b"words", "LICENSE", Kind.TEXT),
        (b"all:", "Makefile", Kind.CODE),
    ],
)
def test_the_form_is_told_from_the_first_bytes_or_the_name(data, name, kind):
    assert describe(data, source=name).kind is kind

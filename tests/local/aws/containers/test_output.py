import os
import threading
from pathlib import Path

from local.aws.containers.output import Output
from tests.local.aws.containers.conftest import Lines


def printed(path: Path, *chunks: bytes) -> tuple[Output, list[str]]:
    log = Lines()
    path.mkdir(exist_ok=True)
    output = Output(file=path / "copy.log", sink=log, group="g", stream="s")
    reading, writing = os.pipe()
    pump = threading.Thread(target=output.pump, args=(reading,))
    pump.start()
    for chunk in chunks:
        os.write(writing, chunk)
    os.close(writing)
    pump.join()
    os.close(reading)
    return output, [line for _, _, line in log.written]


def test_lines_are_whole_wherever_the_pipe_cuts_them(tmp_path: Path) -> None:
    text = "erste Zeile: é\r\nzweite\n\nletzte ohne Ende".encode()
    for cut in range(len(text) + 1):
        output, lines = printed(tmp_path / str(cut), text[:cut], text[cut:])
        assert lines == ["erste Zeile: é", "zweite", "letzte ohne Ende"]
        assert output.file.read_bytes() == text + b"\n"


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    _, lines = printed(tmp_path, b"\xff\xfe\x00\n")
    assert lines == ["\ufffd\ufffd\x00"]


def test_an_endless_line_is_cut(tmp_path: Path) -> None:
    _, lines = printed(tmp_path, *[b"x" * 50_000] * 9)
    assert "".join(lines) == "x" * 450_000
    assert all(len(line) < 262_144 for line in lines)


def test_the_last_lines_are_at_hand(tmp_path: Path) -> None:
    output, _ = printed(tmp_path, b"".join(b"line %d\n\n" % number for number in range(200)))
    assert len(output.last_lines) == 50
    assert output.last_lines[-1] == "line 199"


def test_a_container_can_go_on_printing_when_its_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "copy.log").mkdir()
    output, _ = printed(tmp_path, b"first\n", b"second\n")
    assert output.last_lines == ("first", "second")

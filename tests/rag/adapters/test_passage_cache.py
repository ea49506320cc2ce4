"""What was read last is kept, and no more than there is room for."""

from rag.adapters.passage_cache import PassageCache
from rag.document import Metadata
from rag.passage import Passage


def passages(*ids: str) -> dict[str, Passage]:
    return {
        key: Passage(
            source=key, content_hash="-", position=0, passages=1, heading="", text=f"text of {key}", metadata=Metadata()
        )
        for key in ids
    }


def test_what_was_kept_is_found_and_the_rest_is_not():
    cache = PassageCache(capacity=4)
    cache.keep(passages("a", "b"))
    assert cache.find(["b", "c", "b"]) == passages("b")


def test_what_was_not_asked_for_the_longest_goes_first():
    cache = PassageCache(capacity=2)
    cache.keep(passages("a", "b"))
    cache.find(["a"])
    cache.keep(passages("c"))
    assert cache.find(["a", "b", "c"]) == passages("a", "c")


def test_more_than_there_is_room_for_is_not_kept():
    cache = PassageCache(capacity=2)
    cache.keep(passages("a", "b", "c"))
    assert cache.find(["a", "b", "c"]) == passages("b", "c")

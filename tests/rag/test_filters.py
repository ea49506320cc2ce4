from datetime import date

import pytest

from rag.errors import InvalidFilterError
from rag.filters import Facets, Filters

FACETS = Facets(
    authors=("Ann Lee", "Bob Lee", "Cy"),
    categories=("article", "post"),
    date_first=date(2020, 1, 1),
    date_last=date(2024, 1, 1),
)


@pytest.mark.parametrize(
    ("author", "known"),
    [("ann lee", "Ann Lee"), ("ann", "Ann Lee"), ("LEE", None), ("Dora", None), ("", None), ("  cy ", "Cy")],
)
def test_a_name_is_found_in_any_case_and_by_a_part_that_only_one_has(author, known):
    assert FACETS.resolve(Filters(author=author)).author == known


def test_a_range_that_no_document_lies_in_is_dropped_and_one_that_overlaps_stays():
    assert not FACETS.resolve(Filters(date_from=date(2025, 1, 1)))
    assert not Facets().resolve(Filters(date_from=date(2021, 1, 1)))
    kept = Filters(date_from=date(2023, 1, 1), date_to=date(2030, 1, 1))
    assert FACETS.resolve(kept) == kept


def test_a_range_that_ends_before_it_begins_is_refused():
    with pytest.raises(InvalidFilterError, match="2024-02-01 to 2024-01-01"):
        Filters(date_from=date(2024, 2, 1), date_to=date(2024, 1, 1))


def test_the_callers_conditions_come_first_and_dates_go_together():
    asked = Filters(author="Ann", date_from=date(2024, 1, 1))
    merged = asked.merged_over(Filters(author="Bob", category="post", date_to=date(2020, 1, 1)))
    assert merged == Filters(author="Ann", category="post", date_from=date(2024, 1, 1))

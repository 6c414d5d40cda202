"""Tables, actions and detections stand in docs/reference as the code and the content have them."""

import pytest

from tests.house.product_reference import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_page_is_as_the_code_says(name):
    assert (FOLDER / name).read_text() == PAGES[name](), "run: python tests/house/product_reference.py"

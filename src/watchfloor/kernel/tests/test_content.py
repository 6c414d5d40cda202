import pytest

from watchfloor.kernel.content import content_folder
from watchfloor.kernel.errors import NotConfigured


def test_the_sample_organisation_is_found():
    assert (content_folder("demo") / "organisation.yaml").is_file()


def test_a_missing_area_says_where_it_was_looked_for():
    with pytest.raises(NotConfigured, match="content/nowhere"):
        content_folder("nowhere")

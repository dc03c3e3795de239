"""How nodes are named to dbt: those and no others, by their folder where it is all of them."""

from dagster_project.transform.selection import selection

MANIFEST = {
    "nodes": {
        "model.a": {"fqn": ["shop", "core", "daily", "a"]},
        "test.a_is_unique": {"fqn": ["shop", "core", "daily", "a_is_unique"]},
        "model.b": {"fqn": ["shop", "core", "as_of", "b"]},
        "model.c": {"fqn": ["shop", "segments", "c"]},
        "seed.d": {"fqn": ["shop", "d"]},
    }
}


def test_a_folder_stands_for_its_nodes_where_all_are_chosen():
    assert selection(MANIFEST, ["model.a", "test.a_is_unique", "model.b"]) == ["shop.core"]
    assert selection(MANIFEST, ["model.a", "test.a_is_unique", "model.c"]) == ["shop.core.daily", "shop.segments"]


def test_of_a_part_of_a_folder_each_node_is_named():
    assert selection(MANIFEST, ["model.a", "model.b"]) == ["shop.core.as_of", "shop.core.daily.a"]


def test_the_whole_project_is_named_by_its_folders():
    """A source's tables or another package's nodes may be in the project too."""
    assert selection(MANIFEST, list(MANIFEST["nodes"])) == ["shop.core", "shop.d", "shop.segments"]

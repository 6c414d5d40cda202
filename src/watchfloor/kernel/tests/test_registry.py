from watchfloor.kernel.registry import modules_in


def test_every_module_of_a_folder_is_found_in_order_without_its_tests():
    names = [module.__name__.rsplit(".", 1)[1] for module in modules_in("watchfloor.kernel")]
    assert names == sorted(names)
    assert {"clock", "errors", "ids", "registry"} <= set(names)
    assert "tests" not in names

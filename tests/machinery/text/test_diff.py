"""What a person sees of a change."""

from argosy.machinery.text.diff import changed_paths, unified

BEFORE = {"kind": "A", "spec": {"replicas": 1, "images": ["a:1", "b:1"]}}
AFTER = {"spec": {"images": ["a:2", "b:1"], "replicas": 1}, "kind": "A"}


def test_only_content_shows_not_the_order_of_keys() -> None:
    assert unified(BEFORE, {"spec": BEFORE["spec"], "kind": "A"}) == []
    lines = unified(BEFORE, AFTER, context=0)
    assert lines == ["--- live", "+++ desired", "@@ -4 +4 @@", "-  - a:1", "+  - a:2"]


def test_an_absent_object_is_all_added_or_all_removed() -> None:
    assert [line[0] for line in unified(None, {"a": 1})] == ["-", "+", "@", "+"]
    assert [line[0] for line in unified({"a": 1}, None)] == ["-", "+", "@", "-"]


def test_changed_paths_show_no_values() -> None:
    assert list(changed_paths(BEFORE, AFTER)) == ["spec.images[0]"]
    assert list(changed_paths({"a": 1}, {"a": True, "b": 2})) == ["a", "b"]
    assert list(changed_paths({"a": [1]}, {"a": [1, 2]})) == ["a"]

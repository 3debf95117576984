"""What annotations of an Ingress say. Source: spec/cert-manager.md section 10, and what upstream's readers take."""

from __future__ import annotations

import pytest

from argosy.certs.shim.annotations import BadAnnotation, translated
from argosy.machinery.objects import JsonObject


def read(**annotations: str) -> JsonObject:
    return translated({f"cert-manager.io/{name.replace('_', '-')}": text for name, text in annotations.items()})


@pytest.mark.parametrize("name", ["common_name", "alt_names", "ip_sans", "email_sans", "subject_serialnumber"])
def test_an_empty_annotation_of_a_name_says_nothing(name: str) -> None:
    assert read(**{name: ""}) == {}


@pytest.mark.parametrize("name", ["duration", "renew_before", "usages", "private_key_algorithm", "private_key_size"])
def test_an_empty_annotation_of_a_setting_is_refused(name: str) -> None:
    with pytest.raises(BadAnnotation, match=name.replace("_", "-")):
        read(**{name: ""})


@pytest.mark.parametrize(
    ("text", "values"),
    [("a,b", ["a", "b"]), ('"a, b",c', ["a, b", "c"]), ('"say ""hi"""', ['say "hi"']), (" a", [" a"]), ("a\n", ["a"])],
)
def test_parts_of_a_subject_are_one_line_of_comma_separated_values(text: str, values: list[str]) -> None:
    assert read(subject_organizations=text) == {"subject": {"organizations": values}}


@pytest.mark.parametrize("text", ["", "\n", "a\nb", 'a"b', '"a', '"a"b'])
def test_parts_of_a_subject_that_are_no_such_line_are_refused(text: str) -> None:
    with pytest.raises(BadAnnotation, match="subject-organizations"):
        read(subject_organizations=text)


@pytest.mark.parametrize("text", ["99999999999", "1.5", "x"])
def test_a_count_that_is_no_number_of_32_bits_is_refused(text: str) -> None:
    with pytest.raises(BadAnnotation, match="revision-history-limit"):
        read(revision_history_limit=text)


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ('{"labels":{"a":"b"},"annotations":null}', {"labels": {"a": "b"}}),
        ('{"labels":{"a":"b"}} and more', {"labels": {"a": "b"}}),
        ("{}", None),
        ("null", None),
    ],
)
def test_the_first_value_of_a_secret_template_counts(text: str, template: JsonObject | None) -> None:
    assert read(secret_template=text).get("secretTemplate") == template

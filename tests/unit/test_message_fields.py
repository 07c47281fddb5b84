"""What each step gives to its text: the code that tells is held against the table, the texts as well."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.application import Locale
from domain.message_fields import GIVEN
from domain.messages import MessageTexts
from domain.outbox import Template
from workers.texts import load_message_texts

ROOT = Path(__file__).parents[2]
LANGUAGES = {
    locale: (ROOT / "policy" / "messages" / f"{locale.value}.toml").read_text("utf-8") for locale in Locale
}
TELLING = ("customer", "staff", "supervisor_alert")
"""The calls that make an item; what other helpers add to one shows in the pipeline's tests, which park none."""


def told() -> Iterator[tuple[Template, set[str], bool, str]]:
    """Each call that tells by a named template: what it gives, whether that is all, and where it is."""
    for file in [*(ROOT / "workflows").rglob("*.py"), *(ROOT / "domain").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr not in TELLING or not node.args:
                continue
            first = node.args[0]
            if isinstance(first, ast.Attribute) and ast.unparse(first.value) == "Template":
                names = {word.arg for word in node.keywords if word.arg}
                everything = all(word.arg for word in node.keywords)
                yield Template[first.attr], names, everything, f"{file.name}:{node.lineno}"


CALLS = list(told())


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0].value}-{call[3]}")
def test_a_step_gives_what_the_table_says(call: tuple[Template, set[str], bool, str]) -> None:
    template, given, everything, _ = call
    promised = set(GIVEN.get(template, ()))
    assert given == promised if everything else given <= promised


def test_the_calls_are_found() -> None:
    assert len(CALLS) > 50


def test_every_template_is_told_by_some_step() -> None:
    code = "".join(
        file.read_text("utf-8")
        for folder in ("workflows", "domain")
        for file in (ROOT / folder).rglob("*.py")
        if file.name not in ("outbox.py", "message_fields.py", "channels.py")
    )
    unused = [template for template in Template if not re.search(rf"Template\.{template.name}\b", code)]
    assert unused == []


def test_a_text_that_needs_what_its_step_does_not_give_is_refused() -> None:
    source = LANGUAGES[Locale.EN].replace("Your return {rma_id} is approved", "Approved by {agent}")
    with pytest.raises(ValueError, match=r"en: the text approved needs agent.*it gives order_id, rma_id"):
        MessageTexts.parse({Locale.EN: source})


def test_a_field_without_a_name_is_refused() -> None:
    source = LANGUAGES[Locale.EN].replace("Your return {rma_id} is approved", "Your return {} is approved")
    with pytest.raises(ValueError, match="the text approved needs"):
        MessageTexts.parse({Locale.EN: source})


def test_a_text_of_no_step_is_refused() -> None:
    source = LANGUAGES[Locale.EN] + '\n[aproved]\nsubject = "a"\nbody = "b"\n'
    with pytest.raises(ValueError, match="en: there is no step aproved"):
        MessageTexts.parse({Locale.EN: source})


def test_the_texts_of_the_package_need_nothing_else() -> None:
    load_message_texts()


@pytest.mark.parametrize("locale", Locale)
def test_an_sms_is_short(locale: Locale) -> None:
    texts = load_message_texts()
    for template in Template:
        text = texts.text(template, locale)
        assert len(text.sms or text.subject) <= 140

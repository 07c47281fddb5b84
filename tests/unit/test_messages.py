"""Every step has its text in both languages, and the workflow gives what the text needs."""

from zoneinfo import ZoneInfo

import pytest

from domain.application import Locale
from domain.messages import MessageTexts
from domain.outbox import OutboxItem, OutboxKind, Template
from workers.texts import load_message_texts

TEXTS = load_message_texts()
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("template", Template)
def test_both_languages_need_the_same_values(template: Template) -> None:
    chinese, english = (TEXTS.text(template, locale).fields() for locale in Locale)
    assert chinese - {"rma_id", "order_id"} == english - {"rma_id", "order_id"}


@pytest.mark.parametrize(
    ("locale", "amount", "moment"),
    [(Locale.ZH_CN, "¥50.00", "2026年11月25日 00:30"), (Locale.EN, "CN¥50.00", "25 Nov 2026, 00:30")],
)
def test_amounts_and_moments_arrive_readable(locale: Locale, amount: str, moment: str) -> None:
    coupon = item(Template.INSPECTION_LATE, locale, coupon_minor=5000, currency="CNY")
    assert amount in TEXTS.render(coupon, ZONE)[1]
    due = item(Template.SHIP_YOURSELF, locale, due_at="2026-11-24T16:30:00+00:00")
    assert moment in TEXTS.render(due, ZONE)[1]


def test_a_value_that_is_missing_is_an_error_and_not_an_empty_text() -> None:
    with pytest.raises(KeyError, match="reason"):
        TEXTS.render(item(Template.DECLINED, Locale.EN), ZONE)


def test_a_language_without_a_template_is_refused() -> None:
    with pytest.raises(ValueError, match="no text for"):
        MessageTexts.parse({Locale.EN: '[approved]\nsubject = "a"\nbody = "b"'})


def item(template: Template, locale: Locale, **params: str | int) -> OutboxItem:
    return OutboxItem(
        kind=OutboxKind.CUSTOMER_MESSAGE,
        name=template,
        recipient="C-1",
        locale=locale,
        params={"rma_id": "RMA-1", "order_id": "O-1", **params},
    )

"""The texts of messages that are part of the package."""

from importlib import resources

from domain.application import Locale
from domain.messages import MessageTexts


def load_message_texts() -> MessageTexts:
    """Read the texts of messages that are part of the package."""
    folder = resources.files("policy").joinpath("messages")
    return MessageTexts.parse(
        {locale: folder.joinpath(f"{locale.value}.toml").read_text("utf-8") for locale in Locale}
    )

"""What an exchange costs the customer."""

from domain.record import Record


class ExchangeRules(Record):
    """The categories in which a swap of sizes is free: the way back is on the shop."""

    free_size_swap: tuple[str, ...] = ("apparel",)

"""The search attributes of a namespace, held against those that returns write."""

from dataclasses import dataclass

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from workflows import search_attributes

WANTED = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in search_attributes.ALL}
"""The type of each search attribute that returns write, by its name."""


@dataclass(frozen=True)
class Attributes:
    """What a namespace has of the search attributes that returns write.

    Attributes:
        missing: The names that it lacks, sorted.
        of_another_type: The names that it has with another type, sorted.
    """

    missing: tuple[str, ...]
    of_another_type: tuple[str, ...]


async def attributes_of(client: Client) -> Attributes:
    """Ask the namespace of a client.

    Raises:
        RPCError: If there is no such namespace, or the server does not say.
    """
    request = ListSearchAttributesRequest(namespace=client.namespace)
    found = (await client.operator_service.list_search_attributes(request)).custom_attributes
    return Attributes(
        missing=tuple(sorted(WANTED.keys() - found.keys())),
        of_another_type=tuple(
            sorted(name for name in WANTED.keys() & found.keys() if found[name] != WANTED[name])
        ),
    )

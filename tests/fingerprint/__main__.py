"""`make fingerprint`: takes the fingerprint of the code, if what changed is gated or acknowledged."""

import argparse
import sys

from tests.fingerprint.committed import ROOT, changes, take


def main(reason: str) -> int:
    """Take every change that may be taken; 1 if some may not."""
    found = changes(ROOT)
    if not found:
        print("The committed fingerprints are those of the code.")
    refused = [change for change in found if not (change.is_gated or reason)]
    for change in found:
        if change in refused:
            print(change.told(), file=sys.stderr)
            continue
        gates = ", ".join(sorted(change.new_gates))
        gated = "a new workflow type" if change.is_new else f"gated by {gates}"
        take(change, reason or gated)
        print(f"{change.now.workflow}: taken, {reason or gated}")
    return 1 if refused else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ack", default="", help="why the change is safe without a gate")
    sys.exit(main(parser.parse_args().ack.strip()))

"""`make mutations`: changes the workflow code in many ways, and looks whether the gates notice each of them."""

import argparse
import sys

from tests.fingerprint.committed import ROOT, changes
from tests.mutations.plan import MOST, explained, planned, sampled
from tests.mutations.report import HEAD, Report
from tests.mutations.run import tried
from tests.mutations.trial import recorded


def main(most: int, part: str, kind: str, short: bool) -> int:
    """Try the planned edits; 1 if the gates missed one that is not explained, or raised a false alarm."""
    if changes(ROOT):
        print("The committed fingerprints are not those of the code. Run: make fingerprint", file=sys.stderr)
        return 2
    edits = [edit for edit in planned(most) if kind in edit.kind]
    histories = recorded()
    if short:
        edits, histories = sampled(edits), histories[::4]
    number, of = (int(each) for each in part.split("/"))
    report = Report(explained())
    print(HEAD, flush=True)
    for edit, verdict in tried(edits[number - 1 :: of], histories):
        report.add(edit, verdict)
    print(report.summary())
    return 1 if report.wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--most", type=int, default=MOST, help="of each kind, spread evenly over the code; 0 is all"
    )
    parser.add_argument("--part", default="1/1", help="every n-th edit only, as in 1/3, 2/3, 3/3")
    parser.add_argument("--kind", default="", help="only kinds with this in their name")
    parser.add_argument("--short", action="store_true", help="a few edits on some histories, in seconds")
    arguments = parser.parse_args()
    sys.exit(main(arguments.most, arguments.part, arguments.kind, arguments.short))

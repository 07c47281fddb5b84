"""The command `returns`, which is there without its packages where only the client is installed."""

import sys

try:
    from starters.cli.main import main as main
except ModuleNotFoundError as missing:
    sys.exit(f'returns needs {missing.name}, which is not installed: pip install "returnflow[cli]"')

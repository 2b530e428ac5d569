"""`python -m dash_app`: serve both pages and the API; `python -m dash_app sessions ...`: manage."""

from __future__ import annotations

import sys

from dash_app.command_line import main

if __name__ == "__main__":
    sys.exit(main())

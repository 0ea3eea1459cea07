"""``python -m twopi_demo`` is ``twopi-demo``."""

import sys

from twopi_demo.cli import main

sys.exit(main())

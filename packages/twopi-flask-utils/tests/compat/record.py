"""Print the facts of the twopi-flask-utils that is installed, as JSON.

``recorded.json`` was made by it with 1.1.11 and the libraries of its time; the README
of this folder has the command.
"""

import json
import logging
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

from compat import all_facts  # noqa: E402

found = all_facts()
print(json.dumps(found, indent=0, sort_keys=True, ensure_ascii=False))

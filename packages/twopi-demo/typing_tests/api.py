from pathlib import Path
from typing import assert_type

from flask import Flask

from twopi_demo.app import create_app
from twopi_demo.settings import folder_settings

assert_type(create_app(folder_settings(Path("data"))), Flask)

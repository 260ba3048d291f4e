"""The WSGI entry: `flask --app wsgi run`, or any WSGI server with `wsgi:app`."""

import os
import sys

from app import create_app
from config.files import BadFile
from config.settings import SettingsError, read_settings

try:
    app = create_app(read_settings(os.environ))
except (SettingsError, BadFile) as error:
    sys.exit(str(error))

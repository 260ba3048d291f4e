"""The WSGI entry: `flask --app wsgi run`, or any WSGI server with `wsgi:app`."""

import gc
import os
import sys

# Nothing that is imported is ever garbage; looking for some again and again is a third of the start.
gc.disable()
# What the service writes (databases, queues, rejects) holds people's data: it is for its own user alone.
os.umask(0o077)

from app import create_app, refuse_demo  # noqa: E402
from config.files import BadFile  # noqa: E402
from config.settings import SettingsError, read_settings  # noqa: E402

try:
    app = create_app(read_settings(os.environ))
    refuse_demo(app)
except (SettingsError, BadFile) as error:
    sys.exit(str(error))
finally:
    gc.freeze()
    gc.enable()

#!/usr/bin/env bash
# Sets up and passes the tests. Arguments go to pytest: deploy/test.sh -m 'not real and not browser' for the quick ones.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
system_packages bubblewrap chromium
python_packages
exec .venv/bin/python -m pytest "$@"

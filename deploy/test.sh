#!/usr/bin/env bash
# Sets up and passes the tests. Arguments go to pytest: deploy/test.sh -m 'not real and not browser' for the quick ones.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
system_packages bubblewrap chromium
python_packages
if [ $# -gt 0 ]; then exec .venv/bin/python -m pytest "$@"; fi
# Two at a time; then, with the machine to themselves, those that serve, train or drive a browser.
failed=0
.venv/bin/python -m pytest -n 2 --dist loadfile -m 'not real and not browser' --durations=10 || failed=1
.venv/bin/python -m pytest -m 'real or browser' --durations=10 || failed=1
exit $failed

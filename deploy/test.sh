#!/usr/bin/env bash
# Sets up and passes the tests.
#   deploy/test.sh          those that a change is tried with
#   deploy/test.sh --all    every test: also the slow ones, and those that serve, train or drive a browser
#   deploy/test.sh ...      any other arguments go to pytest
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
system_packages bubblewrap chromium
python_packages

# More workers than cores: many tests wait, for a server or for a deadline.
side_by_side() { .venv/bin/python -m pytest -n "$(($(nproc) + 2))" --dist worksteal --durations=10 "$@"; }

case ${1:-} in
  "") side_by_side -m 'not real and not browser and not slow' ;;
  --all)
    failed=0
    side_by_side -m 'not real and not browser' || failed=1
    # Two at a time those that serve, train or drive a browser, and one by one those that measure.
    .venv/bin/python -m pytest -n 2 --dist loadfile -m '(real or browser) and not alone' --durations=10 || failed=1
    .venv/bin/python -m pytest -m alone || failed=1
    exit $failed
    ;;
  *) exec .venv/bin/python -m pytest "$@" ;;
esac

#!/usr/bin/env bash
# Sets up and runs the tests.
#   deploy/test.sh          the quick tests
#   deploy/test.sh --all    all tests, including slow ones and those that serve, train or drive a browser
#   deploy/test.sh ...      other arguments are passed to pytest
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
system_packages bubblewrap chromium
python_packages

# More workers than cores, because many tests wait for a server or a deadline.
run_in_parallel() { .venv/bin/python -m pytest -n "$(($(nproc) + 2))" --dist worksteal --durations=10 "$@"; }

case ${1:-} in
  "") run_in_parallel -m 'not real and not browser and not slow and not alone' ;;
  --all)
    failed=0
    # Three times as many examples of each property as usual.
    HYPOTHESIS_PROFILE=deep run_in_parallel -m 'not real and not browser and not alone' || failed=1
    # Two at a time for tests that serve, train or drive a browser; one at a time for tests that measure.
    .venv/bin/python -m pytest -n 2 --dist loadfile -m '(real or browser) and not alone' --durations=10 || failed=1
    .venv/bin/python -m pytest -m alone || failed=1
    exit $failed
    ;;
  *) exec .venv/bin/python -m pytest "$@" ;;
esac

#!/usr/bin/env bash
# A quick start: installs the core packages, without PyTorch, and runs the smoke recipe on a fake model.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
system_packages bubblewrap
core_packages
source deploy/shell.sh
export SKYASSETS_RECIPE=smoke
say "running the recipe smoke"
dagster asset materialize --select '*'
skyassets report

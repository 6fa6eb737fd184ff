#!/usr/bin/env bash
# The quick way in: installs the core packages, without PyTorch, and runs the smoke recipe, whose model is a pretended one.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
system_packages bubblewrap
core_packages
source deploy/shell.sh
export SKYASSETS_RECIPE=smoke
say "running the recipe smoke"
dagster asset materialize --select '*'
skyassets report

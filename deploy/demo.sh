#!/usr/bin/env bash
# Sets up and runs the main job on the embedded recipe: problems, traces, verdicts, data set, student, report.
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
system_packages bubblewrap
python_packages
source deploy/shell.sh
say "running the recipe ${SKYASSETS_RECIPE:-embedded}"
dagster asset materialize -m skyassets.definitions --select '*'
skyassets report

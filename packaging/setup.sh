#!/bin/sh
# Makes .venv ready: Debian packages of the groups named on the command line, then the Python environment.
# Quick when nothing changed; says in one line what is missing when it cannot go on.
set -eu
cd "$(dirname "$0")/.."
groups="build run $*"
python=${PYTHON:-/usr/bin/python3}

fail() { echo "setup: $*" >&2; exit 1; }

wanted=$(for group in $groups; do sed -n "s/^$group //p" packaging/debian-packages.txt; done | sort -u)
missing=
for package in $wanted; do
  case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) in
    "install ok installed") ;;
    *) missing="$missing $package" ;;
  esac
done
if [ -n "$missing" ]; then
  command -v apt-get >/dev/null || fail "needs these Debian packages, and there is no apt-get here:$missing"
  if [ "$(id -u)" = 0 ]; then sudo=; elif command -v sudo >/dev/null; then sudo=sudo; else
    fail "run as root, or install by hand: apt-get install$missing"
  fi
  echo "setup: installing$missing"
  $sudo apt-get update -qq || fail "apt-get update failed; check the network and /etc/apt/sources.list"
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null \
    || fail "could not install:$missing"
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  || fail "$python is not Python 3.11 or newer; set PYTHON=/path/to/python3"

# Built again only when something that goes into the build has changed.
stamp=.venv/.stamp
now=$( { cat pyproject.toml meson.build packaging/*; "$python" -V
         find gspice -name '*.pyx' -o -name '*.pxd' -o -name '*.c' -o -name '*.h' | sort | xargs -r cat; } | sha256sum)
if [ ! -x .venv/bin/gspice ] || [ "$(cat $stamp 2>/dev/null)" != "$now" ]; then
  [ -x .venv/bin/python ] || "$python" -m venv .venv || fail "could not create .venv with $python"
  echo "setup: building into .venv"
  .venv/bin/python - <<'PY' >.venv/requirements.txt
import tomllib
p = tomllib.load(open("pyproject.toml", "rb"))
print(*p["build-system"]["requires"], *p["project"]["dependencies"],
      *p["project"]["optional-dependencies"]["dev"], sep="\n")
PY
  .venv/bin/pip install -q --disable-pip-version-check -r .venv/requirements.txt \
    || fail "pip could not install the requirements in .venv/requirements.txt"
  .venv/bin/python packaging/develop.py || fail "the build failed; the lines above say where"
  echo "$now" >$stamp
fi

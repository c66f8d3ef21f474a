#!/bin/sh
# Packages of the images' first stages, from hash-locked requirements.
#   install.sh tools REQUIREMENTS       what builds, in /opt/tools
#   install.sh packages REQUIREMENTS    what the image runs, in /opt/rlvr; sources are built with the tools
# Package indexes are those of pip on the machine that builds: its settings come as secrets and stay out of the image.
set -eu
if [ -f /run/secrets/pip ]; then
  export PIP_CONFIG_FILE=/run/secrets/pip
fi
if [ -s /run/secrets/certificates ]; then
  export PIP_CERT=/run/secrets/certificates
fi
case "$1" in
tools)
  python3 -m venv /opt/tools
  /opt/tools/bin/python -m pip install --no-deps --require-hashes -r "$2"
  ;;
packages)
  export SOURCE_DATE_EPOCH=315532800 # 1980, where the dates of archives begin: sources give the same wheel each time
  PATH=/opt/tools/bin:$PATH DS_BUILD_OPS=0 /opt/tools/bin/python -m pip wheel --no-deps --require-hashes \
    --no-build-isolation -w wheels -r "$2"
  python3 -m venv --without-pip /opt/rlvr
  /opt/tools/bin/python -m pip --python /opt/rlvr/bin/python install --no-deps --no-index --no-compile wheels/*.whl
  rm -r wheels
  # Bytecode that needs no look at dates: images built twice are equal, and nobody has to write it later. A process a
  # package, for bytecode depends on what a process compiled before. Some packages hold files for newer Pythons, which
  # do not compile and are never imported.
  find /opt/rlvr/lib/python3*/site-packages -mindepth 1 -maxdepth 1 ! -name '*.dist-info' |
    xargs -P "$(nproc)" -n 1 /opt/rlvr/bin/python -m compileall -qqf --invalidation-mode unchecked-hash || true
  ;;
esac

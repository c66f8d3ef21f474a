#!/bin/sh
# The steps that the images' first stages share. /opt/tools holds what builds, /opt/rlvr what the image runs.
# Package indexes are those of pip on the machine that builds: its settings come as secrets and stay out of the image.
set -eu
if [ -f /run/secrets/pip ]; then
  export PIP_CONFIG_FILE=/run/secrets/pip
fi
if [ -s /run/secrets/certificates ]; then
  export PIP_CERT=/run/secrets/certificates
fi
case "$1" in
tools) # install.sh tools REQUIREMENTS
  python3 -m venv /opt/tools
  /opt/tools/bin/python -m pip install --no-deps --require-hashes -r "$2"
  ;;
packages) # install.sh packages REQUIREMENTS: sources are built with the locked tools, without compiled operators
  PATH=/opt/tools/bin:$PATH DS_BUILD_OPS=0 /opt/tools/bin/python -m pip wheel --no-deps --require-hashes \
    --no-build-isolation -w wheels -r "$2"
  python3 -m venv --without-pip /opt/rlvr
  /opt/tools/bin/python -m pip --python /opt/rlvr/bin/python install --no-deps --no-index wheels/*.whl
  rm -r wheels
  ;;
project)
  /opt/tools/bin/python -m hatchling build -t wheel -d dist
  /opt/tools/bin/python -m pip --python /opt/rlvr/bin/python install --no-deps --no-index dist/*.whl
  mkdir -p /opt/rlvr/share /home/rlvr
  /opt/tools/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
    --output-format JSON --output-file /opt/rlvr/share/sbom.cdx.json /opt/rlvr/bin/python
  # Bytecode that needs no look at dates: images built twice are equal, and nobody has to write it later.
  /opt/rlvr/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/rlvr/lib
  chmod -R g=u /home/rlvr # any user may run the image, its group is 0
  ;;
esac

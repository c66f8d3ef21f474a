#!/bin/sh
# The last step of the images' first stages: this project, in /opt/rlvr, and the list of what the image holds.
set -eu
/opt/tools/bin/python -m hatchling build -t wheel -d dist
/opt/tools/bin/python -m pip --python /opt/rlvr/bin/python install --no-deps --no-index --no-compile dist/*.whl
mkdir -p /opt/rlvr/share /opt/home/rlvr
/opt/tools/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
  --output-format JSON --output-file /opt/rlvr/share/sbom.cdx.json /opt/rlvr/bin/python
/opt/rlvr/bin/python -m compileall -qqf --invalidation-mode unchecked-hash \
  /opt/rlvr/lib/python3*/site-packages/rlvr /opt/rlvr/lib/python3*/site-packages/rlvr_pipelines
chmod g=u /opt/home/rlvr # any user may run the image, its group is 0

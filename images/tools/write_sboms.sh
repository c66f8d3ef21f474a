#!/bin/sh
# What every image installs and what is installed here, as CycloneDX: `make sbom` writes build/sbom/*.cdx.json.
#   write_sboms.sh TOOLS PYTHON OUT    the environment with cyclonedx-py, the interpreter to describe, and a folder
set -eu
export PYTHONWARNINGS=ignore # a list of locked packages has no graph of dependencies, of which each file would warn
mkdir -p "$3"
for lock in images/*/requirements*.txt; do
  name=$(echo "${lock#images/}" | sed 's,/requirements,,; s,\.txt$,,')
  "$1/bin/cyclonedx-py" requirements "$lock" --pyproject pyproject.toml --output-reproducible \
    --output-format JSON --output-file "$3/$name.cdx.json"
  echo "$3/$name.cdx.json"
done
"$1/bin/cyclonedx-py" environment "$2" --pyproject pyproject.toml --output-reproducible \
  --output-format JSON --output-file "$3/environment.cdx.json"
echo "$3/environment.cdx.json"

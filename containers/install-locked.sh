#!/bin/sh
# Installs a lock file's packages into the image's environment. Some come with debug symbols, which nobody will look at:
# they are cut off, but for libraries that a package has brought from elsewhere (*.libs), whose layout is their own.
set -eu
/tools/bin/pip --python /opt/coinop/bin/python install --quiet --requirement "$1"
find /opt/coinop -name '*.so' -not -path '*.libs/*' -exec strip --strip-unneeded {} +

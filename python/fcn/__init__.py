"""The name that fcnswift had before it was a package of its own. It is in neither the wheel nor an
installation: programs that run beside a repository go on, and are told."""

import sys
import warnings

import fcnswift

warnings.warn(
    "the module fcn is called fcnswift now; import that", DeprecationWarning, stacklevel=2)
sys.modules[__name__] = fcnswift

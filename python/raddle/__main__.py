"""`python -m raddle`: the command line."""

import sys

from raddle.cli import main

sys.exit(main())

"""The command line: a thin skin over the library."""

from spm_opt.cli.commands import main as main

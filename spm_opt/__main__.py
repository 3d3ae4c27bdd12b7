"""``python -m spm_opt`` is the command line."""

from spm_opt.cli import main

main(prog_name="spm-opt")

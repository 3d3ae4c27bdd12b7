"""The command line: a thin skin over the library."""

from spm_opt.cli.calibrate_command import calibrate
from spm_opt.cli.capacity_command import capacity
from spm_opt.cli.commands import main as main
from spm_opt.cli.compare_command import compare
from spm_opt.cli.metrics_command import metrics
from spm_opt.cli.overlay_command import overlay
from spm_opt.cli.pay_command import pay
from spm_opt.cli.seats_command import seats
from spm_opt.cli.segment_command import segment
from spm_opt.cli.size_command import size
from spm_opt.cli.workload_command import workload

main.add_command(calibrate)
main.add_command(capacity)
main.add_command(compare)
main.add_command(metrics)
main.add_command(overlay)
main.add_command(pay)
main.add_command(seats)
main.add_command(segment)
main.add_command(size)
main.add_command(workload)

"""What every benchmark measures with: figures, processes, reports and waiting."""

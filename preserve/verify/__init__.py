"""The run: plan, fetch politely, archive, judge, keep (`preserve verify`). `run.verify` is the way in."""

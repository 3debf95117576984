"""Steps of a canary that take longer than a turn: pauses, analyses, experiments and plug-ins."""

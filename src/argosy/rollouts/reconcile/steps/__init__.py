"""Steps of a canary that take more than a look: pauses, analyses, experiments and plug-ins."""

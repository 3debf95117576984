"""Projects: their namespace, default roles and permissions, statistics, configuration and copies of shared objects."""

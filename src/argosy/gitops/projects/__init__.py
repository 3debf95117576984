"""AppProjects: permissions, sync windows, roles, validation, and deletion."""

"""AppProjects: what they permit, sync windows, roles, what is wrong with one, and when one may go."""

"""What every Application's reconciliation shares: settings, projects, credentials, and which replica works."""

"""Steps on the Promotion itself, and on its project's Freight and Stages."""

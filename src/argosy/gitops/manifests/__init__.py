"""From an Application's sources to its target objects: resolved, verified, rendered, prepared for comparison."""

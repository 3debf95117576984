"""Who answers in a rehearsal in place of the world outside. What is assumed, or would have been sent, is noted."""

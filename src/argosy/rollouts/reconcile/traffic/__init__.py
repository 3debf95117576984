"""Traffic during an update: weights of routers and load balancers, and the Services that select pods."""

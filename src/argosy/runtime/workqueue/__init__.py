"""Work queues of controllers: which keys are due, how fairly they are processed, and their metrics."""

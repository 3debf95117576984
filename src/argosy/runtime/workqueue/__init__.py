"""Work queues of controllers: which keys are due, how fairly they get their turn, and what is measured."""

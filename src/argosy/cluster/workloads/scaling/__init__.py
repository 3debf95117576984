"""HorizontalPodAutoscalers and PodDisruptionBudgets."""

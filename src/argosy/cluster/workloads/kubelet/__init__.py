"""What happens on a Node: Pods are pulled, started, probed and ended, as rules say."""

"""When an Application is compared again, and at which level: polls, requests, changes of its inputs."""

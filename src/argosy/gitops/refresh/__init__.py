"""When an Application is compared again, and how thoroughly: polls, requests, changes of what it depends on."""

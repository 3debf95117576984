"""exec, attach, cp and port-forward: connections that leave HTTP behind.

`websocket` and `spdy` are the two framings of Kubernetes' clients; `remote_command` and `port_forward` are the
protocols on top of them. The other end is simulated: `ports.PodRuntime`.
"""

"""exec, attach, cp and port-forward: connections that leave HTTP behind.

`websocket` and `spdy` are the two framings of Kubernetes' clients; `remote_command` and `port_forward` what is spoken
in them. What answers is simulated: `ports.PodRuntime`.
"""

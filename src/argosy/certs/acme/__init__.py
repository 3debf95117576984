"""ACME (RFC 8555): accounts, Orders, Challenges, and what answers them in the cluster.

Owns the statuses of Orders and Challenges, the Secrets of account keys, and the objects that solve HTTP-01. Whatever
goes to an ACME server, a DNS server or a website is a question of `ports.py`; nothing here awaits.

- `account.py`: whether an ACME issuer can order.  `orders.py`: an Order from its placing to its certificate.
- `challenges.py`: a Challenge from its presenting to its end.  `scheduler.py`: which Challenge begins.
- `choice.py`: which solver of the issuer a name gets.  `http01.py`, `http01_objects.py`, `dns01.py`: what solvers do.
- `login.py`: the account as it is used.  `rounds.py`: what is asked again after a while.
"""

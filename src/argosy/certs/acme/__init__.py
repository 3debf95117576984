"""ACME (RFC 8555): accounts, Orders, Challenges, and the objects in the cluster that solve them.

Owns the statuses of Orders and Challenges, the Secrets of account keys, and the objects that solve HTTP-01. Every
request to an ACME server, a DNS server or a website is a question of `ports.py`; nothing here awaits.

- `account.py`: whether an ACME issuer can order.  `orders.py`: an Order from its creation to its certificate.
- `challenges.py`: a Challenge from presentation to clean-up.  `scheduler.py`: which Challenge starts next.
- `choice.py`: which solver of the issuer a name gets.  `http01.py`, `http01_objects.py`, `dns01.py`: what solvers do.
- `login.py`: the account's key and URL.  `rounds.py`: questions that are repeated after a wait.
"""

"""Talks to ACME servers: `jws.py` signs, `session.py` sends, `client.py` is the protocol, `answering.py` the questions.

`simulated.py` answers the same questions in this process, for rehearsal and tests in virtual time.
"""

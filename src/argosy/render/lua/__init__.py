"""Users' Lua, in worker processes of its own (spec/argo-cd-engine-2.md 10, security.md rule 3).

The port is `port.LuaEvaluator`; `evaluator.LuaWorkers` is the real one: it sends batches of calls to workers of
render/workers/pool.py. In a worker (`worker.py`) each script runs in a sandbox (`sandbox.py`, `sandbox.lua`,
`patterns.lua`) that stops it at its limits; a script that kills its worker is one failed evaluation. No Lua is
ever loaded into the controllers' process.
"""

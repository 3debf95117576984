"""`argosy gpg list|get|add|rm`: the keys that commits may be signed with."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys

from argosy.cli.connect import with_client
from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import table, write_value
from argosy.cli.repository.config_maps import Data, change_data, data_of
from argosy.cli.repository.secrets import read_file
from argosy.machinery.objects import JsonObject
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.sources.signatures import KEYS_CONFIG_MAP

HEADER = ("KEYID", "TYPE", "IDENTITY")
SHORT = 16
_BLOCK = re.compile(r"-----BEGIN PGP PUBLIC KEY BLOCK-----.+?-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL)
_ALGORITHMS = {"1": "rsa", "17": "dsa", "18": "ecdh", "19": "ecdsa", "22": "ed25519"}
SECONDS = 30.0


def described(armoured: str) -> JsonObject:
    """Parsed by the gpg program. Raises CommandError."""
    command = ["gpg", "--batch", "--no-options", "--with-colons", "--show-keys", "--fingerprint"]
    try:
        done = subprocess.run(command, input=armoured, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        raise CommandError("the gpg program is not installed: it reads keys", Exit.CALL_FAILED) from None
    except subprocess.TimeoutExpired:
        raise CommandError(f"gpg took more than {SECONDS:g} seconds", Exit.CALL_FAILED) from None
    rows = [line.split(":") for line in done.stdout.splitlines()]
    key = next((row for row in rows if row[0] == "pub"), None)
    if done.returncode or key is None:
        raise CommandError("no valid PGP public key: give ASCII-armoured keys", Exit.CALL_FAILED)
    prints = next((row[9] for row in rows if row[0] == "fpr"), "")
    owner = next((row[9] for row in rows if row[0] == "uid"), "")
    fields = {"keyID": key[4], "fingerprint": prints, "subType": f"{_ALGORITHMS.get(key[3], '')}{key[2]}"}
    return {**fields, "owner": owner, "trust": "unknown", "keyData": armoured}


def list_all(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        keys = [
            described(text) for _, text in sorted((await data_of(client, KEYS_CONFIG_MAP, options.namespace)).items())
        ]
        if options.output in ("json", "yaml"):
            write_value(sys.stdout, [{**key, "keyData": ""} for key in keys], options.output)
        elif options.output == "name":
            sys.stdout.writelines(f"{key['keyID']}\n" for key in keys)
        else:
            rows = [(key["keyID"], key["subType"].upper(), key["owner"]) for key in keys]
            sys.stdout.write(table(HEADER, rows))
        return Exit.OK

    return with_client(options, work)


def show(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        data = await data_of(client, KEYS_CONFIG_MAP, options.namespace)
        key = described(data[_found(data, options.key)])
        if options.output in ("json", "yaml"):
            write_value(sys.stdout, key, options.output)
        else:
            print(f"Key ID:          {key['keyID']}\nKey fingerprint: {key['fingerprint']}")
            print(f"Key subtype:     {key['subType'].upper()}\nKey owner:       {key['owner']}")
            print(f"Key data follows until EOF:\n{key['keyData']}")
        return Exit.OK

    return with_client(options, work)


def _found(data: Data, wanted: str) -> str:
    short = wanted.removeprefix("0x").upper()[-SHORT:]
    name = next((name for name in data if name.upper() == short), None)
    if name is None:
        raise CommandError(f"No such key: {wanted}", Exit.CALL_FAILED)
    return name


def add(options: argparse.Namespace) -> int:
    blocks = _BLOCK.findall(read_file(options.source, "--from"))
    if not blocks:
        raise CommandError(f"--from {options.source}: no -----BEGIN PGP PUBLIC KEY BLOCK-----", Exit.CALL_FAILED)
    given = {str(described(block)["keyID"]): f"{block}\n" for block in blocks}

    async def work(client: Client, clock: Clock) -> int:
        present = await data_of(client, KEYS_CONFIG_MAP, options.namespace)
        new = [name for name in given if name not in present]
        await change_data(client, KEYS_CONFIG_MAP, options.namespace, lambda data: {**data, **given})
        skipped = len(given) - len(new)
        print(
            f"Created {len(new)} key(s)"
            + (f", {skipped} key(s) were skipped because they existed already" if skipped else "")
        )
        return Exit.OK

    return with_client(options, work)


def remove(options: argparse.Namespace) -> int:
    async def work(client: Client, clock: Clock) -> int:
        def without(data: Data) -> Data:
            removed = _found(data, options.key)
            return {name: text for name, text in data.items() if name != removed}

        await change_data(client, KEYS_CONFIG_MAP, options.namespace, without)
        print(f"Deleted key with key ID {options.key}")
        return Exit.OK

    return with_client(options, work)

"""A real directory (OpenLDAP's slapd) says who somebody is, by the password given and the groups found."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from argosy.runtime.clock import RealClock
from argosy.server.connectors.identity import ConnectorError, Identity, Options, Refused, SettingsError, WrongPassword
from tests.kit.ports import free_port

ADMIN, ADMIN_WORD = "cn=admin,dc=argo,dc=test", "root-word"
ENTRIES = f"""
dn: dc=argo,dc=test
objectClass: dcObject
objectClass: organization
o: argo
dc: argo

dn: ou=people,dc=argo,dc=test
objectClass: organizationalUnit
ou: people

dn: uid=ada,ou=people,dc=argo,dc=test
objectClass: inetOrgPerson
uid: ada
cn: Ada L
sn: L
mail: ada@argo.test
userPassword: ada-word

dn: uid=a*,ou=people,dc=argo,dc=test
objectClass: inetOrgPerson
uid: a*
cn: Star
sn: S
mail: star@argo.test
userPassword: star-word

dn: cn=ops,dc=argo,dc=test
objectClass: groupOfNames
cn: ops
member: uid=ada,ou=people,dc=argo,dc=test

dn: cn=dev,dc=argo,dc=test
objectClass: groupOfNames
cn: dev
member: {ADMIN}
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("bonsai", reason="bonsai is not installed: pip install 'argosy[ldap]'")
    slapd, slapadd = (shutil.which(name, path="/usr/sbin:/usr/lib/openldap:/usr/bin") for name in ("slapd", "slapadd"))
    if slapd is None or slapadd is None:
        pytest.skip("slapd is not installed (apt-get install slapd)")
    folder = tmp_path_factory.mktemp("slapd")
    (folder / "db").mkdir()
    schema = Path("/etc/ldap/schema")
    configuration = [f"include {schema}/{name}.schema" for name in ("core", "cosine", "inetorgperson")]
    configuration += ["modulepath /usr/lib/ldap", "moduleload back_mdb", "database mdb", "suffix dc=argo,dc=test"]
    configuration += [f"rootdn {ADMIN}", f"rootpw {ADMIN_WORD}", f"directory {folder}/db"]
    (folder / "slapd.conf").write_text("\n".join(configuration) + "\n")
    (folder / "entries.ldif").write_text(ENTRIES)
    subprocess.run([slapadd, "-f", str(folder / "slapd.conf"), "-l", str(folder / "entries.ldif")], check=True)
    address = f"127.0.0.1:{free_port()}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [slapd, "-f", str(folder / "slapd.conf"), "-h", f"ldap://{address}", "-d", "0"], stdout=log, stderr=log
        )
    try:
        _await(address)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _await(address: str) -> None:
    host, port = address.split(":")
    for _ in range(600):
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            time.sleep(0.1)  # noqa: TID251  # of a real server
        else:
            return
    raise AssertionError("slapd does not listen")


def settings(address: str, **more: Any) -> Mapping[str, Any]:
    return {
        "host": address,
        "insecureNoSSL": True,
        "bindDN": ADMIN,
        "bindPW": "$ldap.word",
        "userSearch": {
            "baseDN": "ou=people,dc=argo,dc=test",
            "filter": "(objectClass=inetOrgPerson)",
            "username": "uid",
            "idAttr": "uid",
            "emailAttr": "mail",
            "nameAttr": "cn",
            "preferredUsernameAttr": "uid",
        },
        "groupSearch": {
            "baseDN": "dc=argo,dc=test",
            "filter": "(objectClass=groupOfNames)",
            "userMatchers": [{"userAttr": "DN", "groupAttr": "member"}],
            "nameAttr": "cn",
        },
        **more,
    }


def checked(address: str, username: str, password: str, **more: Any) -> Identity:
    from argosy.server.connectors.ldap import Ldap

    options = Options(
        "connector ldap", settings(address, **more), lambda text: ADMIN_WORD if text == "$ldap.word" else text
    )
    return asyncio.run(Ldap(options, RealClock()).check(username, password))


def test_a_user_with_the_right_password_is_returned_with_address_and_groups(directory: str) -> None:
    found = checked(directory, "ada", "ada-word")

    assert (found.user_id, found.username, found.email) == ("ada", "Ada L", "ada@argo.test")
    assert found.groups == ("ops",)


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(directory: str) -> None:
    with pytest.raises(WrongPassword) as wrong:
        checked(directory, "ada", "other-word")
    with pytest.raises(Refused) as unknown:
        checked(directory, "nobody", "other-word")
    assert str(wrong.value) == str(unknown.value)
    assert not isinstance(unknown.value, WrongPassword)


def test_an_empty_password_is_no_anonymous_bind(directory: str) -> None:
    with pytest.raises(Refused):
        checked(directory, "ada", "")


@pytest.mark.parametrize("name", ["*", "ad*", "ada)(uid=*", "ada\0", "a\\2a"])
def test_a_name_is_never_a_filter(directory: str, name: str) -> None:
    with pytest.raises(Refused):
        checked(directory, name, "ada-word")


def test_a_star_is_a_letter_of_a_name(directory: str) -> None:
    assert checked(directory, "a*", "star-word").username == "Star"


def test_a_directory_that_is_away_or_refuses_us_is_reported_without_the_password(directory: str) -> None:
    with pytest.raises(ConnectorError, match="cannot be asked") as away:
        checked("127.0.0.1:1", "ada", "ada-word")
    with pytest.raises(ConnectorError, match="does not take bindDN") as refused:
        checked(directory, "ada", "ada-word", bindPW="wrong-word")
    assert "word" not in f"{away.value}{refused.value}"


def test_tls_and_plain_text_exclude_each_other(directory: str) -> None:
    with pytest.raises(SettingsError, match="exclude each other"):
        checked(directory, "ada", "ada-word", startTLS=True)


def test_a_scope_is_sub_or_one(directory: str) -> None:
    search = {**settings(directory)["userSearch"], "scope": "base"}
    with pytest.raises(SettingsError, match="must be sub or one, not 'base'"):
        checked(directory, "ada", "ada-word", userSearch=search)

"""Resources are equal by what they name, in this process and in the next."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from dataclasses import replace

from argosy.machinery.objects import Resource

DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")


def test_resources_that_name_the_same_are_one_key_and_others_are_not() -> None:
    same = Resource("apps", "v1", "deployments", "Deployment")
    assert same == DEPLOYMENTS and hash(same) == hash(DEPLOYMENTS) and {same: 1}[DEPLOYMENTS] == 1
    other = replace(DEPLOYMENTS, version="v2")
    assert other != DEPLOYMENTS and other not in {same, replace(same, namespaced=False)}
    assert min([other, DEPLOYMENTS]) == DEPLOYMENTS


def test_a_resource_that_was_sent_to_another_process_is_found_there() -> None:
    """Texts have other hashes in each process."""
    program = (
        "import pickle, sys; from argosy.machinery.objects import Resource; "
        "found = pickle.load(sys.stdin.buffer); "
        "assert found in {Resource('apps', 'v1', 'deployments', 'Deployment')}"
    )
    for made in (DEPLOYMENTS, copy.deepcopy(DEPLOYMENTS)):
        subprocess.run([sys.executable, "-c", program], input=pickle.dumps(made), check=True, timeout=60)

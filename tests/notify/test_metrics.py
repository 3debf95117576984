"""What is sent of Rollouts is counted by the Event that it tells of."""

from __future__ import annotations

from argosy.machinery.controller import Hidden
from argosy.notify.metrics import RolloutSends
from argosy.notify.ports import Deliver
from argosy.observe.metrics import Registry


def test_a_send_is_counted_by_the_rollout_and_the_type_and_reason_of_its_event() -> None:
    registry = Registry()
    question = Deliver(
        key="k",
        trigger="on-rollout-aborted",
        service="slack",
        name="slack",
        recipient="ops",
        options=Hidden(b"{}"),
        content=Hidden(b"{}"),
        about="rollout shop/web",
        occasion="Warning/RolloutAborted",
    )
    sends = RolloutSends(registry)
    sends.sent(question, 0.2, succeeded=True)
    sends.sent(question, 0.2, succeeded=False)

    text, named = registry.text(), 'namespace="shop",name="web",type="Warning",reason="RolloutAborted"'
    assert f"notification_send_success{{{named}}} 1" in text
    assert f"notification_send_error{{{named}}} 1" in text
    assert 'notification_send_count{namespace="shop",name="web"} 2' in text

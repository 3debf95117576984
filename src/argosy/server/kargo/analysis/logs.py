"""Logs of verification jobs: fetched from the operator's log store and streamed.

Source: spec/kargo-api.md 3. The operator configures the URL template; only names come from the caller.
"""

from __future__ import annotations

from argosy.expr.expression_templates import environment, evaluated
from argosy.expr.exprlang import ExprError
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import ANALYSIS_RUNS, STAGES
from argosy.promotion.names import STAGE
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.analysis.following import event, followed
from argosy.server.kargo.analysis.templates import RUN, integrated
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, Stream
from argosy.server.kargo.faults import Fault, invalid, not_found, unimplemented
from argosy.server.kargo.settings import KargoSettings, LogSettings


def log_endpoints(context: ServerContext, settings: KargoSettings) -> tuple[Endpoint, ...]:
    async def logs(request: ApiRequest) -> Reply | Stream:
        if not settings.logs.url:
            raise unimplemented("AnalysisRun log streaming is not configured")
        run = await request.objects.find(ANALYSIS_RUNS, request.key("analysis-run"))
        if run is None:
            raise not_found(f'AnalysisRun "{request.path["analysis-run"]}" in namespace "{request.project}" not found')
        names = await _names(request, run)
        url, headers = _request(settings.logs, names)
        return Stream(await followed(context.outside.egress, context.clock, url, headers), event)

    endpoint = Endpoint(method="GET", path=f"{RUN}/logs", needs=within("analysisruns", "get"), answer=logs)
    return (integrated(endpoint, settings),)


async def _names(request: ApiRequest, run: JsonObject) -> dict[str, str]:
    """The variables of the template. Raises Fault."""
    metric, spec = job_metric(run, request.one("metricName"))
    container = container_of(run, metric, spec, request.one("containerName"))
    job_namespace, job = job_of(run, metric)
    metadata = run["metadata"]
    name = (metadata.get("annotations") or {}).get(STAGE) or (metadata.get("labels") or {}).get(STAGE)
    if not name:
        raise not_found(f"{_place(run)} has no stage label")
    stage = await request.objects.read(STAGES, Key(request.project, name))
    return {
        "project": request.project,
        "namespace": request.project,
        "shard": str((stage.get("spec") or {}).get("shard") or ""),
        "stage": name,
        "analysisRun": metadata["name"],
        "metricName": metric,
        "jobNamespace": job_namespace,
        "jobName": job,
        "container": container,
    }


def _request(settings: LogSettings, names: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The URL and its headers. Raises Fault."""
    more = {"token": settings.token.reveal()} if settings.token else {}
    try:
        url = evaluated(settings.url, environment(names))
        headers = {
            name: str(evaluated(value, environment({**names, **more}))) for name, value in settings.headers.items()
        }
    except ExprError as error:
        raise Fault(500, f"the template of log addresses cannot be filled: {error}") from None
    return str(url), headers


# -- pure --------------------------------------------------------------------------------------------------------------


def job_metric(run: JsonObject, wanted: str) -> tuple[str, JsonObject]:
    """The job metric: the named one, or the only one. Raises Fault."""
    metrics = (run.get("spec") or {}).get("metrics") or ()
    jobs = {
        str(one.get("name")): provider["job"] for one in metrics if (provider := one.get("provider") or {}).get("job")
    }
    if wanted:
        if wanted not in jobs:
            raise not_found(f'{_place(run)} has no job metric named "{wanted}"')
        return wanted, jobs[wanted]
    if not jobs:
        raise not_found(f"{_place(run)} has no job metrics")
    if len(jobs) > 1:
        raise invalid(f"{_place(run)} has multiple job metrics; please specify a metric name")
    return next(iter(jobs.items()))


def container_of(run: JsonObject, metric: str, job: JsonObject, wanted: str) -> str:
    """Raises Fault."""
    pod = ((job.get("spec") or {}).get("template") or {}).get("spec") or {}
    names = [str(one.get("name")) for one in pod.get("containers") or ()]
    if not names:
        raise not_found(f'{_place(run)} has no containers in Jobs for metric "{metric}"')
    if wanted:
        if wanted not in names:
            raise not_found(f'{_place(run)} has no container named "{wanted}" in Jobs for metric "{metric}"')
        return wanted
    if len(names) > 1:
        why = "please specify a container name"
        raise invalid(f'{_place(run)} has multiple containers in Jobs for metric "{metric}"; {why}')
    return names[0]


def job_of(run: JsonObject, metric: str) -> tuple[str, str]:
    """Namespace and name of the job, from the first measurement. Raises Fault."""
    results = (run.get("status") or {}).get("metricResults") or ()
    result = next((one for one in results if one.get("name") == metric), None)
    if result is None:
        raise not_found(f'{_place(run)} has no result for metric "{metric}"')
    measurements = result.get("measurements") or ()
    if not measurements:
        raise not_found(f'result for metric "{metric}" has no measurements')
    metadata = measurements[0].get("metadata") or {}
    for name, word in (("job-namespace", "namespace"), ("job-name", "name")):
        if not metadata.get(name):
            raise not_found(f'result for metric "{metric}" has no Job {word} metadata')
    return str(metadata["job-namespace"]), str(metadata["job-name"])


def _place(run: JsonObject) -> str:
    return f'AnalysisRun "{run["metadata"]["name"]}" in namespace "{run["metadata"]["namespace"]}"'

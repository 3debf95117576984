"""Every metric of the peers that spec/metrics.md lists: its name, type, labels and buckets, one a line.

`name type labels [buckets]`; `-` for no labels. Labels of histograms and summaries are without `le` and `quantile`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GIT: Final = "0.1 0.25 0.5 1 2 4 10 20"
DEFAULT: Final = "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10"
RECONCILE: Final = "0.25 0.5 1 2 4 8 16"
KUBECTL: Final = "0.005 0.1 0.5 2 8 30"
BYTES: Final = "64 512 4096 65536 1048576 16777216"
SEND: Final = "0.01 0.15 0.25 0.5 1"
APP: Final = "namespace,name,project"
ISSUER: Final = "name,namespace,issuer_name,issuer_kind,issuer_group"

ABSENT: Final = {
    "argocd_proxy_extension_request_total": "there are no proxy extensions",
    "argocd_proxy_extension_request_duration_seconds": "there are no proxy extensions",
    "certmanager_http_venafi_client_request_duration_seconds": "Venafi's servers are not asked",
    "certmanager_venafi_oauth_token_requests_total": "Venafi's servers are not asked",
    "certmanager_venafi_oauth_token_request_duration_seconds": "Venafi's servers are not asked",
}
"""What Argosy has not, since it does nothing that could be counted."""

LINES: Final = f"""
argocd_app_info gauge {APP},autosync_enabled,repo,dest_server,dest_namespace,sync_status,health_status,operation
argocd_app_condition gauge {APP},condition
argocd_app_labels gauge {APP},label_team
argocd_app_sync_total counter {APP},dest_server,phase,dry_run
argocd_app_sync_duration_seconds_total counter {APP},dest_server
argocd_app_k8s_request_total counter {APP},server,response_code,verb,resource_kind,resource_namespace,dry_run
argocd_app_reconcile histogram namespace,dest_server {RECONCILE}
argocd_app_orphaned_resources_count gauge {APP}
argocd_kubectl_exec_total counter hostname,command
argocd_kubectl_exec_pending gauge hostname,command
argocd_cluster_info gauge server,k8s_version,name
argocd_cluster_labels gauge server,name,label_team
argocd_cluster_connection_status gauge server,k8s_version
argocd_cluster_api_resources gauge server
argocd_cluster_api_resource_objects gauge server
argocd_cluster_cache_age_seconds gauge server
argocd_cluster_events_total counter server,group,kind
argocd_resource_events_processing histogram server {RECONCILE}
argocd_resource_events_processed_in_batch gauge server
argocd_redis_request_total counter hostname,initiator,command,failed
argocd_redis_request_duration histogram hostname,initiator 0.01 0.05 0.1 0.25 0.5 1 2
argocd_redis_request_duration_seconds histogram initiator 0.1 0.25 0.5 1 2
workqueue_depth gauge name
workqueue_adds_total counter name
workqueue_queue_duration_seconds histogram name
workqueue_work_duration_seconds histogram name
workqueue_unfinished_work_seconds gauge name
workqueue_longest_running_processor_seconds gauge name
workqueue_retries_total counter name
argocd_kubectl_request_duration_seconds histogram host,verb {KUBECTL}
argocd_kubectl_dns_resolution_duration_seconds histogram host {KUBECTL}
argocd_kubectl_rate_limiter_duration_seconds histogram host,verb {KUBECTL}
argocd_kubectl_request_size_bytes histogram host,method {BYTES}
argocd_kubectl_response_size_bytes histogram host,method {BYTES}
argocd_kubectl_requests_total counter host,method,code
argocd_kubectl_request_retries_total counter host,method,code
argocd_kubectl_exec_plugin_call_total counter code,call_status
argocd_kubectl_transport_create_calls_total counter result
argocd_kubectl_client_cert_rotation_age_seconds gauge -
argocd_kubectl_transport_cache_entries gauge -
argocd_info gauge version
argocd_login_request_total counter status
argocd_proxy_extension_request_total counter extension,status
argocd_proxy_extension_request_duration_seconds histogram extension 0.1 0.25 0.5 1 2 5 10
argocd_webhook_requests_total counter repo
argocd_webhook_store_cache_attempts_total counter repo,successful
argocd_webhook_handlers_in_flight gauge -
grpc_server_started_total counter grpc_type,grpc_service,grpc_method
grpc_server_handled_total counter grpc_type,grpc_service,grpc_method,grpc_code
grpc_server_msg_received_total counter grpc_type,grpc_service,grpc_method
grpc_server_msg_sent_total counter grpc_type,grpc_service,grpc_method
grpc_server_handling_seconds histogram grpc_type,grpc_service,grpc_method {DEFAULT}
argocd_git_request_total counter repo,request_type
argocd_git_request_duration_seconds histogram repo,request_type {GIT}
argocd_git_fetch_fail_total counter repo,revision
argocd_git_lsremote_fail_total counter repo,revision
argocd_oci_request_total counter repo,request_type
argocd_oci_request_duration_seconds histogram repo,request_type {GIT}
argocd_oci_extract_fail_total counter repo,revision
argocd_oci_resolve_revision_fail_total counter repo,revision
argocd_oci_digest_metadata_fail_total counter repo,revision
argocd_oci_get_tags_fail_total counter repo
argocd_oci_test_repo_fail_total counter repo
argocd_repo_pending_request_total gauge repo
argocd_repo_parallelism_wait_duration_seconds histogram repo {GIT} 60 120
argocd_commitserver_commit_pending_request_total gauge repo
argocd_commitserver_commit_request_total counter repo,response_type
argocd_commitserver_commit_request_duration_seconds histogram repo,response_type {GIT}
argocd_commitserver_git_request_total counter repo,request_type
argocd_commitserver_git_request_duration_seconds histogram repo,request_type {GIT}
argocd_commitserver_userinfo_request_duration_seconds histogram repo,credential_type {GIT}
argocd_appset_info gauge namespace,name,resource_update_status
argocd_appset_labels gauge namespace,name,label_team
argocd_appset_owned_applications gauge namespace,name
argocd_appset_reconcile histogram namespace,name {DEFAULT}
argocd_github_api_requests_total counter method,endpoint,status,appset_namespace,appset_name
argocd_github_api_request_duration_seconds histogram method,endpoint,appset_namespace,appset_name {DEFAULT}
argocd_github_api_rate_limit_remaining gauge endpoint,appset_namespace,appset_name,resource
argocd_github_api_rate_limit_limit gauge endpoint,appset_namespace,appset_name,resource
argocd_github_api_rate_limit_reset_seconds gauge endpoint,appset_namespace,appset_name,resource
argocd_github_api_rate_limit_used gauge endpoint,appset_namespace,appset_name,resource
controller_runtime_reconcile_total counter controller,result
controller_runtime_reconcile_errors_total counter controller
controller_runtime_reconcile_time_seconds histogram controller
controller_runtime_max_concurrent_reconciles gauge controller
controller_runtime_active_workers gauge controller
argocd_notifications_deliveries_total counter trigger,service,succeeded
argocd_notifications_trigger_eval_total counter name,triggered
go_goroutines gauge -
go_gc_duration_seconds summary -
go_memstats_heap_alloc_bytes gauge -
process_cpu_seconds_total counter -
process_start_time_seconds gauge -
rollout_info gauge namespace,name,strategy,traffic_router,phase
rollout_info_replicas_desired gauge namespace,name
rollout_info_replicas_available gauge namespace,name
rollout_info_replicas_unavailable gauge namespace,name
rollout_info_replicas_updated gauge namespace,name
rollout_phase gauge namespace,name,strategy,phase
analysis_run_phase gauge namespace,name,phase
experiment_phase gauge namespace,name,phase
rollout_reconcile histogram namespace,name {SEND}
analysis_run_reconcile histogram namespace,name {SEND}
experiment_reconcile histogram namespace,name {SEND}
rollout_reconcile_error counter namespace,name
analysis_run_reconcile_error counter namespace,name
experiment_reconcile_error counter namespace,name
rollout_events_total counter namespace,name,type,reason
rollout_duration_seconds histogram status 30 60 120 300 600 1200 1800 3600 7200 14400 28800
rollout_progression_duration_seconds histogram status 30 60 120 300 600 900 1800 3600
rollout_manual_pause_duration_seconds histogram status 0 60 300 600 1800 3600 7200 14400 28800
analysis_run_info gauge namespace,name,phase
experiment_info gauge namespace,name,phase
analysis_run_metric_type gauge namespace,name,metric,type
analysis_run_metric_phase gauge namespace,name,metric,type,dry_run,phase
analysis_template_info gauge namespace,name
analysis_template_metric_info gauge namespace,name,type,metric
notification_send_success counter namespace,name,type,reason
notification_send_error counter namespace,name,type,reason
notification_send histogram namespace,name {SEND}
controller_clientset_k8s_request_total counter kind,namespace,name,verb,status_code
argo_rollouts_controller_info gauge version
build_info gauge version,goversion,goarch,commit
certmanager_certificate_ready_status gauge name,namespace,condition,issuer_name,issuer_kind,issuer_group
certmanager_issuer_ready_status gauge name,namespace,condition
certmanager_clusterissuer_ready_status gauge name,condition
certmanager_certificate_not_before_timestamp_seconds gauge {ISSUER}
certmanager_certificate_not_after_timestamp_seconds gauge {ISSUER}
certmanager_certificate_expiration_timestamp_seconds gauge {ISSUER}
certmanager_certificate_renewal_timestamp_seconds gauge {ISSUER}
certmanager_certificate_challenge_status gauge status,domain,reason,processing,name,namespace,type
certmanager_http_acme_client_request_count counter scheme,host,action,method,status
certmanager_http_acme_client_request_duration_seconds summary scheme,host,action,method,status
certmanager_http_venafi_client_request_duration_seconds summary api_call
certmanager_venafi_oauth_token_requests_total counter status
certmanager_venafi_oauth_token_request_duration_seconds histogram - 0.01 0.05 0.1 0.25 0.5 1 2.5 5 10 30
certmanager_controller_sync_call_count counter controller
certmanager_controller_sync_error_count counter controller
certmanager_clock_time_seconds counter -
certmanager_clock_time_seconds_gauge gauge -
sealed_secrets_controller_unseal_requests_total counter -
sealed_secrets_controller_unseal_errors_total counter reason,namespace
sealed_secrets_controller_condition_info gauge namespace,name,condition,ss_app_kubernetes_io_instance
sealed_secrets_controller_http_requests_total counter path,code,method
sealed_secrets_controller_http_request_duration_seconds histogram path,method {DEFAULT}
sealed_secrets_controller_build_info gauge revision
"""


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    type: str
    labels: frozenset[str]
    buckets: tuple[float, ...]
    """Empty: not said."""


def _peer(line: str) -> Peer:
    name, kind, labels, *buckets = line.split()
    return Peer(name, kind, frozenset(labels.split(",")) - {"-"}, tuple(map(float, buckets)))


PEERS: Final = {peer.name: peer for peer in map(_peer, LINES.strip().splitlines())}

"""Flags and help of `argosy repo`, `repocreds`, `cert` and `gpg`; nothing of the rooms is imported to show them."""

from __future__ import annotations

from argosy.cli.parsing import OUTPUTS, Commands, Parser, command, connection, group

TEXTS = (
    ("--username", "username", "to sign in with"),
    ("--password", "password", "to sign in with"),
    ("--bearer-token", "bearerToken", "to sign in with"),
    ("--proxy", "proxy", "HTTP proxy"),
    ("--no-proxy", "noProxy", "hosts that bypass the proxy"),
    ("--github-app-id", "githubAppID", "GitHub App"),
    ("--github-app-installation-id", "githubAppInstallationID", "GitHub App"),
    ("--azure-service-principal-client-id", "azureServicePrincipalClientId", "Azure service principal"),
    ("--azure-service-principal-client-secret", "azureServicePrincipalClientSecret", "Azure service principal"),
    ("--azure-service-principal-tenant-id", "azureServicePrincipalTenantId", "Azure service principal"),
    ("--azure-active-directory-endpoint", "azureActiveDirectoryEndpoint", "if it is not the public Azure"),
    ("--github-app-enterprise-base-url", "githubAppEnterpriseBaseUrl", "GitHub Enterprise, such as https://ghe/api/v3"),
)
FILES = (
    ("--ssh-private-key-path", "sshPrivateKey", "private key in PEM form"),
    ("--tls-client-cert-path", "tlsClientCertData", "client certificate in PEM form"),
    ("--tls-client-cert-key-path", "tlsClientCertKey", "its key in PEM form"),
    ("--github-app-private-key-path", "githubAppPrivateKey", "the App's key in PEM form"),
    ("--gcp-service-account-key-path", "gcpServiceAccountKey", "Google Cloud service account, as JSON"),
)
SWITCHES = (
    ("--enable-oci", "enableOCI", "charts come from an OCI registry"),
    ("--force-http-basic-auth", "forceHttpBasicAuth", "send the password unasked"),
    ("--insecure-oci-force-http", "insecureOCIForceHttp", "OCI without TLS"),
    ("--use-azure-workload-identity", "useAzureWorkloadIdentity", "sign in as the workload's Azure identity"),
)
REPOSITORY_SWITCHES = (
    ("--insecure-skip-server-verification", "insecure", "accept any certificate and host key"),
    ("--insecure-ignore-host-key", "insecureIgnoreHostKey", "accept any host key"),
    ("--enable-lfs", "enableLfs", "fetch large files of Git LFS, too"),
    (
        "--webhook-manifest-cache-warm-disabled",
        "webhookManifestCacheWarmDisabled",
        "kept; webhooks never render here before an Application asks",
    ),
)
REFRESH = ("", "hard")


def _credentials(parser: Parser) -> None:
    for flag, _, text in TEXTS:
        names = ("--proxy", "--proxy-url") if flag == "--proxy" else (flag,)
        parser.add_argument(*names, default="", metavar="TEXT", help=text)
    for flag, _, text in FILES:
        parser.add_argument(flag, default="", metavar="FILE", help=text)
    for flag, _, text in SWITCHES:
        parser.add_argument(flag, action="store_true", help=text)
    parser.add_argument("--type", choices=("git", "helm", "oci"), default="git", help="default: git")
    parser.add_argument("--upsert", action="store_true", help="replace an existing one with this URL")


def add_repo(commands: Commands) -> None:
    actions = group(commands, "repo", "Look at and change repositories", "Repositories")
    parser = command(actions, "add", "argosy.cli.repository.repositories:add", "Add a repository that can be reached")
    parser.add_argument("url", metavar="URL")
    connection(parser)
    _credentials(parser)
    for flag, _, text in REPOSITORY_SWITCHES:
        parser.add_argument(flag, action="store_true", help=text)
    parser.add_argument("--name", default="", help="needed for Helm repositories")
    parser.add_argument("--project", default="", help="the only project that may use it")
    parser.add_argument("--depth", type=int, default=0, metavar="COUNT", help="how much of the history; 0: all")
    for name, run, text in (("list", "list_all", "List repositories"), ("get", "show", "Show one repository")):
        parser = command(actions, name, f"argosy.cli.repository.repositories:{run}", text)
        if name == "get":
            parser.add_argument("url", metavar="URL")
            parser.add_argument("--project", default="", help="the repository's project")
        connection(parser)
        parser.add_argument("--refresh", choices=REFRESH, default="", help="accepted: the connection is always checked")
        parser.add_argument("-o", "--output", choices=(*OUTPUTS, "url"), default="wide")
    parser = command(actions, "rm", "argosy.cli.repository.repositories:remove", "Remove repositories")
    parser.add_argument("urls", nargs="+", metavar="URL")
    parser.add_argument("--project", default="", help="the repository's project")
    connection(parser)


def add_repocreds(commands: Commands) -> None:
    text = "Look at and change credentials for every repository below a URL"
    actions = group(commands, "repocreds", text, "Credential templates")
    parser = command(actions, "add", "argosy.cli.repository.templates:add", "Add credentials for a URL's beginning")
    parser.add_argument("url", metavar="URL")
    connection(parser)
    _credentials(parser)
    parser = command(actions, "list", "argosy.cli.repository.templates:list_all", "List credentials")
    connection(parser)
    parser.add_argument("-o", "--output", choices=(*OUTPUTS, "url"), default="wide")
    parser = command(actions, "rm", "argosy.cli.repository.templates:remove", "Remove credentials")
    parser.add_argument("urls", nargs="+", metavar="URL")
    connection(parser)


def add_trusted(commands: Commands) -> Commands:
    """Returns the subparsers, to which `cli.cert` adds its own verbs."""
    text = "Look at, renew and approve certificates; change trusted certificates and SSH hosts of repositories"
    actions = group(commands, "cert", text, "Certificates")
    parser = command(actions, "list", "argosy.cli.repository.certificates:list_all", "List certificates and hosts")
    connection(parser)
    parser.add_argument("--cert-type", default="", metavar="TYPE", help="ssh or https")
    parser.add_argument("--hostname-pattern", default="", metavar="GLOB", help="only hosts like this")
    parser.add_argument("--sort", choices=("", "hostname", "type"), default="")
    parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")
    parser = command(actions, "add-tls", "argosy.cli.repository.certificates:add_tls", "Trust certificates of a host")
    parser.add_argument("host", metavar="HOST")
    connection(parser)
    parser.add_argument("--from", dest="source", default="", metavar="FILE", help="default: standard input")
    parser.add_argument("--upsert", action="store_true", help="replace an existing one")
    parser = command(actions, "add-ssh", "argosy.cli.repository.certificates:add_ssh", "Trust SSH hosts")
    connection(parser)
    parser.add_argument("--batch", action="store_true", help="entries as ssh-keyscan prints them")
    parser.add_argument("--from", dest="source", default="", metavar="FILE", help="default: standard input")
    parser.add_argument("--upsert", action="store_true", help="replace an existing one")
    parser = command(actions, "rm", "argosy.cli.repository.certificates:remove", "Trust a host no more")
    parser.add_argument("host", metavar="HOST")
    connection(parser)
    parser.add_argument("--cert-type", default="", metavar="TYPE", help="ssh or https")
    parser.add_argument("--cert-sub-type", default="", metavar="TYPE", help="such as ssh-rsa")
    return actions


def add_gpg(commands: Commands) -> None:
    actions = group(commands, "gpg", "Manage trusted signing keys", "Keys")
    for name, run, text in (
        ("list", "list_all", "List keys"),
        ("get", "show", "Show one key"),
        ("add", "add", "Add keys"),
        ("rm", "remove", "Remove a key"),
    ):
        parser = command(actions, name, f"argosy.cli.repository.signing_keys:{run}", text)
        if name in ("get", "rm"):
            parser.add_argument("key", metavar="KEY-ID")
        connection(parser)
        if name == "add":
            parser.add_argument(
                "-f", "--from", dest="source", required=True, metavar="FILE", help="ASCII-armoured keys"
            )
        if name in ("list", "get"):
            parser.add_argument("-o", "--output", choices=OUTPUTS, default="wide")

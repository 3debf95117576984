"""Suggestions for what to try once the demonstration is running."""

from __future__ import annotations

from argosy.cli.place import Place, data_dir_option


def next_steps(place: Place, images: str, page: str) -> str:
    option = data_dir_option(place)
    return f"""
All are Synced and Healthy, and 1.0.0 waits before prod.

Web page: {page}   (user admin; password: argosy admin initial-password{option})

Try next:

  argosy rehearse --image {images}:1.1.0{option}   # plays it on copies, in virtual time
  argosy image push {images}:1.1.0          # a good image: reaches dev, then staging, and is verified
  argosy wait-for 1.1.0 --in staging{option}
  argosy promote prod --preview{option}           # what the promotion would do
  argosy promote prod --wait{option}              # open the gate: a canary with an analysis
  argosy trace 1.1.0{option}

  argosy image push {images}:1.2.0-bad      # a bad one: staging's verification stops it
  argosy wait-for 1.2.0-bad --in prod{option}     # says why it cannot get there

  export KUBECONFIG={place.kubeconfig}
  kubectl get applications -n argocd
  kubectl get stages,freights,promotions -n shop
  kubectl get issuers,certificates,sealedsecrets,secrets -n secure
  argosy cert status shop -n secure{option}
  kubectl scale deployment shop -n shop-dev --replicas=9     # drift: it is reverted
  git -C {place.directory / "demo"} log --oneline --all

Stop it with Ctrl-C or 'argosy down{option}'."""

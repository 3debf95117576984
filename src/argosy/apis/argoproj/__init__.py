"""argoproj.io/v1alpha1, Argo CD's part: Application and AppProject."""

from __future__ import annotations

from argosy.apis.argoproj.application import Application
from argosy.apis.argoproj.project import AppProject

RESOURCES: tuple[type, ...] = (Application, AppProject)

__all__ = ["RESOURCES", "AppProject", "Application"]

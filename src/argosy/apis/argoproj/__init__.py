"""argoproj.io/v1alpha1, Argo CD's part: Application, AppProject and ApplicationSet."""

from __future__ import annotations

from argosy.apis.argoproj.application import Application
from argosy.apis.argoproj.applicationset import ApplicationSet
from argosy.apis.argoproj.project import AppProject

RESOURCES: tuple[type, ...] = (Application, AppProject, ApplicationSet)

__all__ = ["RESOURCES", "AppProject", "Application", "ApplicationSet"]

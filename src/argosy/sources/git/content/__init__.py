"""Content of a commit: trees and files of the object store, submodules, and Git LFS files."""

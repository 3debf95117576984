"""The words that all rooms of GitOps share: an Application's spec and status, resource tracking, event texts. Pure."""

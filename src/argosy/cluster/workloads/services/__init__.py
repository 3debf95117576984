"""Services, their endpoints and addresses."""

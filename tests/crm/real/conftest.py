"""What runs in the CRMs' own processes is no test, and imports what is installed there only."""

collect_ignore_glob = ["bottlecrm/*", "tryton_fields/*"]

"""Transfer: everything of a deployment as files, and an empty deployment filled from such files.

A folder holds `tables/<table>.parquet` (or .csv), `models/…`, `picks/…`, `policies/…` and `manifest.json`, which is
written last and names the hash of every file. The GA4 export is Google's and is read again; reports are written anew.
"""

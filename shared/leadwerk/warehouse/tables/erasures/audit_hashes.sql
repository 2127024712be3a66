-- Hashes of the audit trail's entries that an erasure deleted.
SELECT audit_hashes AS hashes FROM leadwerk.erasures

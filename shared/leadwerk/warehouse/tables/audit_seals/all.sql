-- A seal, in the order of sealing.
SELECT sequence, sealed_at, source, first_at, last_at, hashes, previous, seal
FROM leadwerk.audit_seals
ORDER BY sequence

-- An erasure of one id, given as its hash.
-- @proof STRING
SELECT DISTINCT erasure_id, erased_at FROM leadwerk.erased_ids WHERE proof = @proof

    -- Value of a signal without events: 0 for touchpoint signals; NULL for web signals unless web behaviour is tracked.
    -- for each signal
    -- @zero_${signal} INT64
    COALESCE(s.${signal}.events_1d, @zero_${signal}, k.zero) AS ${signal}_events_1d,
    COALESCE(s.${signal}.events_7d, @zero_${signal}, k.zero) AS ${signal}_events_7d,
    COALESCE(s.${signal}.events_30d, @zero_${signal}, k.zero) AS ${signal}_events_30d,
    COALESCE(s.${signal}.events_90d, @zero_${signal}, k.zero) AS ${signal}_events_90d,
    COALESCE(s.${signal}.seconds_1d, @zero_${signal}, k.zero) AS ${signal}_seconds_1d,
    COALESCE(s.${signal}.seconds_7d, @zero_${signal}, k.zero) AS ${signal}_seconds_7d,
    COALESCE(s.${signal}.seconds_30d, @zero_${signal}, k.zero) AS ${signal}_seconds_30d,
    COALESCE(s.${signal}.seconds_90d, @zero_${signal}, k.zero) AS ${signal}_seconds_90d,
    TIMESTAMP_DIFF(k.as_of, s.${signal}.last_at, SECOND) / 86400 AS ${signal}_days_since,
    -- end
    -- for each signals_as_list
    COALESCE(s.signals, []) AS signals,
    -- end

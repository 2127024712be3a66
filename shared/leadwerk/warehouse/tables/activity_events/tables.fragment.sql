  FROM `ga4.events_*`
  WHERE (
    _TABLE_SUFFIX BETWEEN @first_suffix AND @last_suffix
    OR _TABLE_SUFFIX BETWEEN @first_intraday AND @last_intraday
  )
  AND _TABLE_SUFFIX NOT IN UNNEST(@superseded)

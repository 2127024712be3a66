  FROM `ga4.${export}*`
  WHERE _TABLE_SUFFIX BETWEEN @first_${export} AND @last_${export}
  AND _TABLE_SUFFIX NOT IN UNNEST(@without_${export})

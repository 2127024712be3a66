-- Other leads of the person of @lead_id, known at @as_of: they gave the same e-mail address or telephone number.
WITH person_leads AS (
  SELECT lead_id, person_key, MIN(recorded_at) AS known_at
  FROM leadwerk.leads
  WHERE recorded_at <= @as_of AND person_key IS NOT NULL
  GROUP BY lead_id, person_key
),

same_person AS (
  SELECT other.lead_id AS other_lead_id, MIN(GREATEST(own.known_at, other.known_at)) AS happened_at
  FROM person_leads AS own
  JOIN person_leads AS other ON other.person_key = own.person_key AND other.lead_id != own.lead_id
  WHERE own.lead_id = @lead_id
  GROUP BY other.lead_id
)

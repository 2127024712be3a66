-- One event as the GA4 export shows it, with its day and the moment it arrives; columns that stay empty are not named.
-- DuckDB's own SQL, not GoogleSQL: this writes the stand-in of the export, it is no query of the product.
SELECT
  e.day,
  e.arrived,
  strftime($start::DATE + e.day, '%Y%m%d') AS event_date,
  e.moment AS event_timestamp,
  event_name(e.name) AS event_name,
  list_filter([
    CASE WHEN b.consent THEN whole('ga_session_id', e.session_id) END,
    CASE WHEN b.consent THEN whole('ga_session_number', e.session_number) END,
    CASE WHEN e.event % 7 = 0 THEN text('session_engaged', '1') ELSE whole('session_engaged', 1) END,
    text('page_location', 'https://' || $host || p.path || CASE
      WHEN e.first AND b.source_medium = 'cpc' THEN
        CASE WHEN b.device_system = 'iOS' THEN '?gbraid=' ELSE '?gclid=' END || md5(e.session_id::VARCHAR)
      WHEN e.first AND b.source_medium IN ('email', 'paid_social') THEN
        '?utm_source=' || b.source_source || '&utm_medium=' || b.source_medium || '&utm_campaign=' || b.source_campaign
      WHEN e.event % 11 = 0 THEN '#top'
      ELSE ''
    END),
    text('page_title', p.title),
    CASE
      WHEN e.first AND b.source_source = 'google' THEN text('page_referrer', 'https://www.google.com/')
      WHEN e.first AND b.source_medium = 'referral' THEN text('page_referrer', 'https://' || b.source_source || '/')
    END,
    -- The tag takes an ad click for a search: it sees the referrer, and no tags where the address has a click id alone.
    CASE WHEN e.first AND b.source_medium != '(none)' THEN text('source', b.source_source) END,
    CASE
      WHEN e.first AND b.source_medium = 'cpc' THEN text('medium', 'organic')
      WHEN e.first AND b.source_medium != '(none)' THEN text('medium', b.source_medium)
    END,
    CASE WHEN e.engagement >= 0 THEN whole('engagement_time_msec', e.engagement) END,
    CASE WHEN e.scrolled >= 0 THEN whole('percent_scrolled', e.scrolled) END,
    CASE WHEN b.internal THEN text('traffic_type', CASE WHEN b.visitor % 3 = 0 THEN 'developer' ELSE 'internal' END) END,
    CASE WHEN e.first AND event_name(e.name) = 'session_start' THEN whole('session_start', 1) END,
    CASE WHEN NOT isnan(e.amount_0) THEN amount('loan_amount', e.amount_0, e.event) END,
    CASE WHEN NOT isnan(e.amount_1) THEN amount('property_value', e.amount_1, e.event + 1) END,
    CASE WHEN NOT isnan(e.amount_2) THEN amount('yearly_income', e.amount_2, e.event + 2) END,
    CASE WHEN NOT isnan(e.amount_3) THEN amount('monthly_instalment', e.amount_3, e.event + 3) END
  ], lambda one: one IS NOT NULL) AS event_params,
  (hash(e.session_id, e.event // 4) % 2000000000)::BIGINT AS event_bundle_sequence_id,
  CASE WHEN e.lead > 0 THEN e.lead::VARCHAR END AS user_id,
  CASE WHEN b.consent THEN b.id END AS user_pseudo_id,
  {
    'analytics_storage': CASE WHEN b.consent THEN 'Yes' ELSE 'No' END,
    'ads_storage': CASE WHEN b.consent AND b.visitor % 5 > 0 THEN 'Yes' ELSE 'No' END,
    'uses_transient_token': CASE WHEN b.consent THEN 'No' ELSE 'Yes' END
  } AS privacy_info,
  [] AS user_properties,
  CASE WHEN b.consent THEN b.first_touch END AS user_first_touch_timestamp,
  {
    'category': b.device_category,
    'mobile_brand_name': b.device_brand,
    'mobile_model_name': b.device_model,
    'operating_system': b.device_system,
    'operating_system_version': b.device_system_version,
    'language': CASE WHEN e.visitor % 40 > 0 THEN b.locale END,
    'is_limited_ad_tracking': 'No',
    'web_info': {'browser': b.device_browser, 'browser_version': b.device_version, 'hostname': $host}
  } AS device,
  {
    'city': b.city,
    'country': b.country,
    'continent': 'Europe',
    'region': b.region,
    'sub_continent': 'Western Europe',
    'metro': '(not set)'
  } AS geo,
  CASE WHEN b.consent THEN {
    'name': b.source_campaign, 'medium': b.source_medium, 'source': b.source_source
  } END AS traffic_source,
  '4711000815' AS stream_id,
  'WEB' AS platform,
  [] AS items,
  CASE WHEN e.first AND b.source_medium != '(none)' THEN {
    'manual_campaign_name': CASE WHEN b.source_medium != 'cpc' THEN b.source_campaign END,
    'manual_source': CASE WHEN b.source_medium != 'cpc' THEN b.source_source END,
    'manual_medium': CASE WHEN b.source_medium != 'cpc' THEN b.source_medium END,
    'gclid': CASE WHEN b.source_medium = 'cpc' AND b.device_system != 'iOS' THEN md5(e.session_id::VARCHAR) END
  } END AS collected_traffic_source,
  e.engagement > 0 OR e.session_number > 1 AS is_active_user,
  (e.event % 4)::BIGINT AS batch_event_index,
  (e.moment // 1000) AS batch_page_id,
  (e.event // 4 % 50)::BIGINT AS batch_ordering_id,
  CASE WHEN b.consent THEN {
    'manual_campaign': CASE WHEN b.source_medium IN ('cpc', '(none)') THEN
      {'campaign_name': '(not set)', 'source': '(not set)', 'medium': '(not set)'}
    ELSE {'campaign_name': b.source_campaign, 'source': b.source_source, 'medium': b.source_medium} END,
    'google_ads_campaign': CASE WHEN b.source_medium = 'cpc' THEN {
      'customer_id': '4711000815', 'account_name': 'Hypothek', 'campaign_id': '815', 'campaign_name': b.source_campaign
    } END,
    'cross_channel_campaign': {
      'campaign_name': b.source_campaign, 'source': b.source_source, 'medium': b.source_medium,
      'default_channel_group': b.source_group, 'primary_channel_group': b.source_group
    }
  } END AS session_traffic_source_last_click
FROM events AS e
JOIN browsers AS b USING (visitor)
JOIN pages AS p ON p.language = b.language AND p.page = e.page

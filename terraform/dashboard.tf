# Dashboard: one chart for each log-based metric, and for what Cloud Run counts itself.
locals {
  charts = merge(
    { for name, query in local.sums : name => format(query, "1h") },
    {
      errors_5xx        = local.errors
      score_latency_p95 = local.slowest
    },
  )
}

resource "google_monitoring_dashboard" "operations" {
  dashboard_json = jsonencode({
    displayName = "Leadwerk operations"
    mosaicLayout = {
      columns = 48
      tiles = [
        # Google leaves out a position of 0, so it is not sent: a plan would change it for ever.
        for index, name in sort(keys(local.charts)) : merge(
          index % 3 > 0 ? { xPos = (index % 3) * 16 } : {},
          index >= 3 ? { yPos = floor(index / 3) * 12 } : {},
          {
            width  = 16
            height = 12
            widget = {
              title = replace(name, "_", " ")
              xyChart = {
                dataSets = [{
                  plotType        = contains(keys(local.log_metrics), name) ? "STACKED_BAR" : "LINE"
                  timeSeriesQuery = { prometheusQuery = local.charts[name] }
                }]
              }
            }
          },
        )
      ]
    }
  })

  depends_on = [google_logging_metric.stage]
}

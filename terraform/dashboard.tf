resource "google_monitoring_dashboard" "operations" {
  dashboard_json = jsonencode({
    displayName = "Leadwerk operations"
    mosaicLayout = {
      columns = 48
      tiles = [
        for index, name in sort(keys(local.log_metrics)) : {
          xPos   = (index % 3) * 16
          yPos   = floor(index / 3) * 12
          width  = 16
          height = 12
          widget = {
            title = replace(name, "_", " ")
            xyChart = {
              dataSets = [{
                plotType = "STACKED_BAR"
                timeSeriesQuery = {
                  prometheusQuery = format(
                    "sum(increase(logging_googleapis_com:user_leadwerk_%s%s{monitored_resource=\"cloud_run_revision\"}[1h]))",
                    name, local.log_metrics[name].value == null ? "" : "_sum",
                  )
                }
              }]
            }
          }
        }
      ]
    }
  })

  depends_on = [google_logging_metric.stage]
}

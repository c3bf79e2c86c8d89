locals {
  count_alarm = { statistic = "Sum", period = 300, threshold = 1 }

  function_alarms = merge([
    for name, _ in local.functions : {
      # Crashes, timeouts, and events that are no requests.
      "${name}-errors" = merge(local.count_alarm, {
        namespace  = "AWS/Lambda"
        metric     = "Errors"
        dimensions = { FunctionName = aws_lambda_function.function[name].function_name }
      })
      # Requests that found the account's concurrency used up.
      "${name}-throttles" = merge(local.count_alarm, {
        namespace  = "AWS/Lambda"
        metric     = "Throttles"
        dimensions = { FunctionName = aws_lambda_function.function[name].function_name }
      })
      # Errors in the log: stores and mails that fail. To clients, a mail that fails looks like
      # one that was sent.
      "${name}-faults" = merge(local.count_alarm, {
        namespace  = var.name
        metric     = "${name}-faults"
        dimensions = {}
      })
    }
  ]...)

  alarms = merge(local.function_alarms, {
    # Answers of 500 and above, those of the gateway among them.
    "api-faults" = merge(local.count_alarm, {
      namespace  = "AWS/ApiGateway"
      metric     = "5xx"
      dimensions = { ApiId = aws_apigatewayv2_api.http.id }
    })
    # Rates of the whole account. At these AWS puts it under review; above 0.1 and 0.005 it may
    # stop its mail.
    "mail-bounces" = {
      namespace  = "AWS/SES"
      metric     = "Reputation.BounceRate"
      dimensions = {}
      statistic  = "Average"
      period     = 3600
      threshold  = 0.05
    }
    "mail-complaints" = {
      namespace  = "AWS/SES"
      metric     = "Reputation.ComplaintRate"
      dimensions = {}
      statistic  = "Average"
      period     = 3600
      threshold  = 0.001
    }
  })
}

resource "aws_sns_topic" "alarms" {
  name = "${var.name}-alarms"
}

resource "aws_sns_topic_subscription" "alarm_mail" {
  count = var.alarm_mail == "" ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_mail
}

resource "aws_cloudwatch_log_metric_filter" "faults" {
  for_each = local.functions

  name           = "${var.name}-${each.key}-faults"
  log_group_name = aws_cloudwatch_log_group.function[each.key].name
  pattern        = "{ $.level = \"ERROR\" }"

  metric_transformation {
    namespace = var.name
    name      = "${each.key}-faults"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

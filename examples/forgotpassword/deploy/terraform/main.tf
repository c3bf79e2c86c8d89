# Deploys the forgot-password API: the same resources as serverless.yml, which a test compares
# them with. Run "make build" first.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  packages = coalesce(var.packages, "${path.module}/../../build/${var.architecture}")

  functions = {
    generate = {
      description   = "Sends one-time codes"
      memory_size   = 128 # it waits, mostly, and hashes nothing
      users_actions = "dynamodb:GetItem"
    }
    reset = {
      description   = "Takes one-time codes and sets passwords"
      memory_size   = 512 # a share of a CPU that hashes a password in good time
      users_actions = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
    }
  }

  routes = {
    "POST /generate-otp"        = "generate"
    "GET /generate-otp/{email}" = "generate"
    "POST /reset"               = "reset"
    "POST /reset-password"      = "reset"
    "POST /login"               = "reset"
  }
}

resource "aws_dynamodb_table" "otp" {
  name         = "${var.name}-otp"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"

  attribute {
    name = "pk"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }
}

resource "aws_dynamodb_table" "users" {
  name                        = "${var.name}-users"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "email"
  deletion_protection_enabled = true

  attribute {
    name = "email"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true # accounts outlive the rest
  }
}

# The secret is made up while it is written: it is in no file, no plan and no state.
ephemeral "random_password" "otp" {
  length  = 64
  special = false
}

resource "aws_secretsmanager_secret" "otp" {
  name_prefix = "${var.name}-otp-"
  description = "Config.Secret of package otp. Changing it voids all codes, counters and limits."
}

resource "aws_secretsmanager_secret_version" "otp" {
  secret_id                = aws_secretsmanager_secret.otp.id
  secret_string_wo         = ephemeral.random_password.otp.result
  secret_string_wo_version = 1
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.functions

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = 30
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name_prefix = "${var.name}-${each.key}-"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name = each.key
  role = aws_iam_role.function[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem"]
        Resource = aws_dynamodb_table.otp.arn
      },
      {
        Effect   = "Allow"
        Action   = each.value.users_actions
        Resource = aws_dynamodb_table.users.arn
      },
      {
        Effect = "Allow"
        Action = "ses:SendEmail"
        Resource = join(":", [
          "arn:${data.aws_partition.current.partition}:ses:${data.aws_region.current.region}",
          "${data.aws_caller_identity.current.account_id}:identity/${var.mail_identity}",
        ])
        Condition = { StringEquals = { "ses:FromAddress" = var.mail_from } }
      },
      {
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = aws_secretsmanager_secret.otp.arn
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.function[each.key].arn}:*" # the streams
      },
    ]
  })
}

resource "aws_lambda_function" "function" {
  for_each = local.functions

  function_name    = "${var.name}-${each.key}"
  description      = each.value.description
  role             = aws_iam_role.function[each.key].arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  memory_size      = each.value.memory_size
  timeout          = 20 # above what the application gives a request, which is 15 seconds at most
  filename         = "${local.packages}/${each.key}.zip"
  source_code_hash = filebase64sha256("${local.packages}/${each.key}.zip")

  environment {
    variables = {
      OTP_TABLE       = aws_dynamodb_table.otp.name
      USERS_TABLE     = aws_dynamodb_table.users.name
      OTP_SECRET_ID   = aws_secretsmanager_secret.otp.arn # the functions read it when they start
      PRODUCT         = var.product
      MAIL_FROM       = "${var.product} <${var.mail_from}>"
      ALLOWED_ORIGINS = join(",", var.allowed_origins)
    }
  }

  logging_config {
    log_format = "JSON" # which package lambdacontext goes by
  }

  depends_on = [
    aws_cloudwatch_log_group.function,
    aws_iam_role_policy.function,
    aws_secretsmanager_secret_version.otp,
  ]
}

resource "aws_apigatewayv2_api" "http" {
  name          = var.name
  protocol_type = "HTTP"

  dynamic "cors_configuration" {
    for_each = length(var.allowed_origins) > 0 ? [var.allowed_origins] : []

    content {
      allow_origins     = cors_configuration.value
      allow_methods     = ["GET", "POST"]
      allow_headers     = ["Content-Type", "Idempotency-Key"]
      allow_credentials = true
      expose_headers    = ["Retry-After"]
      max_age           = 7200
    }
  }
}

# A budget for all clients together. One for each client is AWS WAF's, in front of a CloudFront
# distribution.
resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.http.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit  = 20
    throttling_burst_limit = 40
  }
}

resource "aws_apigatewayv2_integration" "function" {
  for_each = local.functions

  api_id                 = aws_apigatewayv2_api.http.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.function[each.key].arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 30000
}

resource "aws_apigatewayv2_route" "route" {
  for_each = local.routes

  api_id    = aws_apigatewayv2_api.http.id
  route_key = each.key
  target    = "integrations/${aws_apigatewayv2_integration.function[each.value].id}"
}

resource "aws_lambda_permission" "api" {
  for_each = local.functions

  function_name = aws_lambda_function.function[each.key].arn
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.http.execution_arn}/*"
}

output "http_api_url" {
  value = aws_apigatewayv2_stage.default.invoke_url
}

output "users_table" {
  value = aws_dynamodb_table.users.name
}

output "otp_table" {
  value = aws_dynamodb_table.otp.name
}

output "otp_secret" {
  value = aws_secretsmanager_secret.otp.arn
}

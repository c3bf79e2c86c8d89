// Package e2e tests the programs as a whole, from outside: the server through a browser, the
// functions through the Lambda Runtime API, and the description of the stack through the tool that
// deploys it. AWS's own DynamoDB Local and an emulator of SES stand behind them.
package e2e
